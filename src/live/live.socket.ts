import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Credentials, Identity } from '../auth/authenticator.js';
import type { ActingUser } from '../common/caller.js';
import type { ConversationId, UserId } from '../common/ids.js';
import { problemDetails } from '../common/problem-details.dto.js';
import { Problem } from '../common/problem.js';
import { forbidden, internal, invalid, unavailable } from '../common/problems.js';
import type { EventMap } from '../events/events.js';
import type { Cursor } from '../messages/cursor.js';
import type { Position, Resume } from '../messages/feeds.service.js';
import type { ConversationChange, Follower, Passed } from '../messages/follower.js';
import type { Message } from '../messages/messages.dto.js';
import type { UserSummary } from '../users/users.dto.js';
import { ClientFrames, type Speaker } from './client-frames.js';
import { Close } from './close.js';
import { passedFrame, serverFrame, sharedFrame } from './frame.codec.js';
import type { ResumeFrame, ServerFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';
import { Outgoing } from './outgoing.js';
import { Notices, type NoticeReader } from './notices.js';

/** A backlog goes on when no more than this waits. */
const BACKLOG_BYTES = 256 * 1024;
/** Conversations of which a window is read at once. */
const CURSORS_AT_ONCE = 20;

/** One client's socket: what it says, and what it is told. */
export class LiveSocket implements Follower, NoticeReader, Speaker {
  /** Whether the client answered the last ping. */
  isAlive = true;
  readonly userId: UserId;

  private resumed: 'not yet' | 'attaching' | 'following' | 'slow' = 'not yet';
  private needsReady = true;
  private blocksVersion = 0;
  private readonly behind = new Set<Cursor>();
  /** Conversations whose `joined` has still to be told, with their joinedSeq. */
  private readonly joining = new Map<ConversationId, number>();
  private readonly notices: Notices;
  private readonly outgoing: Outgoing;
  private self: UserSummary | undefined;
  private isReading = false;
  private isPaused = false;
  private slowPositions = new Map<ConversationId, Position>();
  private slowSince: number | undefined;

  constructor(
    private readonly ws: WebSocket,
    tcp: Socket,
    private identity: Identity,
    private credentials: Credentials,
    private readonly services: LiveServices,
  ) {
    this.userId = identity.caller.userId!;
    this.notices = new Notices(services, this);
    this.outgoing = new Outgoing(tcp);
    const spoken = new ClientFrames(services, this);
    ws.on('message', (data: Buffer, isBinary: boolean) => {
      if (this.isOpen) spoken.received(data, isBinary); // what still comes of one that is being closed is not done
    });
    ws.on('pong', () => (this.isAlive = true));
    tcp.on('drain', () => this.drained());
  }

  get caller(): Identity['caller'] {
    return this.identity.caller;
  }

  get hasResumed(): boolean {
    return this.resumed !== 'not yet';
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  close(code: number, reason = ''): void {
    this.outgoing.flush();
    this.ws.resume(); // or the client's answer would not be heard
    this.ws.close(code, reason);
  }

  /** A slow socket is paused by itself, until it has drained. */
  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    if (isPaused) this.ws.pause();
    else if (this.resumed !== 'slow') this.ws.resume();
  }

  terminate(): void {
    this.ws.terminate();
  }

  /** The connection is gone. */
  closed(): void {
    this.services.feeds.detach(this, this.userId);
    this.behind.clear();
    this.joining.clear();
    this.notices.clear();
  }

  /** Every second: whether the token has expired, or the socket did not drain in time. */
  look(nowMs: number): void {
    const { expiresAt = Infinity } = this.identity;
    if (expiresAt <= nowMs) this.close(Close.notSignedIn, 'the token has expired');
    else if (this.slowSince !== undefined && nowMs - this.slowSince > this.services.limits.slowMs)
      this.close(Close.tryLater, 'too slow');
  }

  /** Every 30 seconds. A client that did not answer the last ping is gone. */
  ping(): void {
    if (!this.isAlive) {
      this.ws.terminate();
      return;
    }
    this.isAlive = false;
    this.ws.ping();
  }

  // ---- who it is ----

  get me(): ActingUser {
    return { ...this.identity.caller, userId: this.userId };
  }

  /** The same user with another token; a token that fails leaves the old expiry standing. */
  async renew(token: string): Promise<void> {
    const identity = await this.services.authenticator.authenticate({ bearer: token });
    if (identity.caller.userId !== this.userId) throw forbidden('The token is another user’s.');
    this.identity = identity;
    this.credentials = { bearer: token };
  }

  /** Asks again whether the credentials hold, since it may not have been told that they do not. */
  async recheck(): Promise<void> {
    try {
      await this.services.authenticator.authenticate(this.credentials);
    } catch (error) {
      if (error instanceof Problem) this.close(Close.notSignedIn, error.kind.title);
    }
  }

  resume({ positions = {}, blocksVersion, backlog = true }: ResumeFrame): void {
    if (this.resumed !== 'not yet') throw invalid('A socket resumes once.');
    const byId = new Map(Object.entries(positions).map(([id, position]) => [id.toLowerCase(), position]));
    this.attach({ positions: byId, blocksVersion, others: backlog ? 'backlog' : 'end' });
  }

  // ---- following ----

  private attach(resume: Resume): void {
    this.resumed = 'attaching';
    this.follow(resume).then(
      () => {
        if (!this.isOpen) return this.closed();
        if (this.resumed === 'attaching') this.resumed = 'following';
        this.blocksVersion = this.services.feeds.blocksVersionOf(this.userId);
        this.readOn();
      },
      (error: unknown) => {
        this.problem(error);
        this.close(Close.tryLater, 'following could not begin');
      },
    );
  }

  private async follow(resume: Resume): Promise<void> {
    this.self = (await this.services.users.summaries([this.userId])).get(this.userId);
    await this.services.feeds.attach(this, this.userId, resume, () => this.isOpen);
  }

  passed(passed: Passed, afterSeq: number): void {
    this.write(passedFrame(passed, afterSeq, passed.message.sender.id === this.userId));
  }

  message(message: Message, afterSeq: number): void {
    this.tell({ type: 'message', afterSeq, message });
  }

  fellBehind(cursor: Cursor): void {
    this.behind.add(cursor);
    if (this.resumed === 'following') this.readOn();
  }

  joined(conversationId: ConversationId, joinedSeq: number): void {
    this.joining.set(conversationId, joinedSeq);
    this.notices.welcome(conversationId, joinedSeq);
  }

  /** At once, so that it never comes after a `joined` that follows it. */
  left(conversationId: ConversationId): void {
    this.joining.delete(conversationId);
    this.tell({ type: 'conversation', conversationId, change: 'left', user: this.self });
    this.tellReady();
  }

  changed(change: ConversationChange): void {
    if (change.change !== 'deleted') return this.notices.changed(change);
    const { conversationId } = change;
    this.joining.delete(conversationId);
    this.tell({ type: 'conversation', conversationId, change: 'deleted' });
    this.tellReady();
  }

  welcomed(conversationId: ConversationId, joinedSeq: number): void {
    this.joining.delete(conversationId);
    this.services.feeds.enter(this, this.userId, conversationId, joinedSeq);
    this.readOn();
  }

  receipt(receipt: EventMap['receipt.moved']): void {
    this.write(sharedFrame(receipt, () => ({ type: 'receipt', ...receipt })));
  }

  typing(typing: EventMap['typing.started']): void {
    this.write(sharedFrame(typing, () => ({ type: 'typing', ...typing })));
  }

  blocksChanged(blocksVersion: number): void {
    this.blocksVersion = blocksVersion;
    this.tell({ type: 'blocks', blocksVersion });
  }

  compared(): void {
    this.needsReady = true;
    this.tellReady();
  }

  /** Reads windows of what is behind, a few conversations at a time, each time when the last have mostly gone out. */
  private readOn(): void {
    if (this.isReading) return;
    this.isReading = true;
    void this.readBehind().finally(() => {
      this.isReading = false;
      this.tellReady();
    });
  }

  private async readBehind(): Promise<void> {
    while (this.behind.size > 0 && this.resumed === 'following' && this.isOpen) {
      if (this.outgoing.length > BACKLOG_BYTES) return; // goes on when drained
      const cursors = [...this.behind].slice(0, CURSORS_AT_ONCE);
      try {
        await this.services.feeds.readOn(this.userId, cursors);
      } catch (error) {
        await this.services.feeds.failed(error);
        continue;
      }
      for (const cursor of cursors) if (!cursor.isBehind) this.behind.delete(cursor);
    }
  }

  private tellReady(): void {
    const isLevel = this.behind.size === 0 && this.joining.size === 0 && this.resumed === 'following';
    if (!this.needsReady || !isLevel || this.isReading) return;
    this.needsReady = false;
    this.tell({ type: 'ready', userId: this.userId, blocksVersion: this.blocksVersion });
  }

  // ---- writing ----

  tell(frame: ServerFrame): void {
    this.write(serverFrame(frame));
  }

  problem(error: unknown): void {
    this.tell({ type: 'problem', problem: problemDetails(this.toProblem(error)) });
  }

  private toProblem(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (this.services.isUnavailable(error)) return unavailable();
    this.services.log.error('a frame could not be handled', (error as Error).stack);
    return internal();
  }

  private write(frame: Buffer): void {
    if (!this.isOpen) return;
    this.outgoing.push(frame);
    if (this.outgoing.length > this.services.limits.slowBytes && this.resumed === 'following') this.becomeSlow();
  }

  /** Leaves the feeds, noting where the client is: nothing more waits for it, and nobody else waits for this socket. */
  private becomeSlow(): void {
    this.resumed = 'slow';
    this.slowSince = Date.now();
    this.needsReady = true; // changes and receipts are missed meanwhile
    this.ws.pause();
    this.slowPositions = this.services.feeds.detach(this, this.userId);
    for (const id of this.joining.keys()) this.slowPositions.set(id, { seq: 0, joinedSeq: -1 }); // fits no membership
    this.behind.clear();
    this.joining.clear();
    this.notices.clear();
  }

  private drained(): void {
    if (this.resumed === 'slow') {
      this.slowSince = undefined;
      if (!this.isPaused) this.ws.resume();
      this.attach({ positions: this.slowPositions, blocksVersion: this.blocksVersion, others: 'joined' });
    } else this.readOn();
  }
}
