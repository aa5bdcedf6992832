import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Credentials } from '../http/caller.guard.js';
import type { ActingUser, Caller } from '../common/caller.js';
import type { ConversationId, UserId } from '../common/ids.js';
import { problemDetails } from '../common/problem-details.dto.js';
import { Problem } from '../common/problem.js';
import { forbidden, internal, invalid, unavailable } from '../common/problems.js';
import type { EventMap } from '../events/events.js';
import type { Cursor } from '../feeds/feed-subscription.js';
import type { Position, Resume } from '../feeds/feeds.service.js';
import type { ConversationChange, Follower, Passed } from '../feeds/feed-subscriber.js';
import type { Message } from '../messages/messages.dto.js';
import type { UserSummary } from '../users/users.dto.js';
import { ClientFrames, type Speaker } from './frame-handler.js';
import { Close } from './close.js';
import { passedFrame, serverFrame, sharedFrame } from './frame.codec.js';
import type { ResumeFrame, ServerFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';
import { Outgoing } from './outgoing.js';
import { Notices, type NoticeReader } from './notification-queue.js';
import type { Listener } from './server-web-socket.js';

/** A backlog goes on when no more than this waits. */
const BACKLOG_BYTES = 256 * 1024;
/** Conversations of which a window is read at once. */
const CURSORS_AT_ONCE = 20;

/** What a client has still to be told before it is level. */
class Arrears {
  readonly behind = new Set<Cursor>();
  /** Conversations whose `joined` has still to be told. */
  readonly joining = new Set<ConversationId>();

  get areNone(): boolean {
    return this.behind.size === 0 && this.joining.size === 0;
  }
}

/** A client that takes what it is told too slowly. */
interface Slow {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly positions: Map<ConversationId, Position>;
}

/**
 * One client's socket: what it says, and what it is told. There are thousands, and most are idle: collections, of which
 * each takes some 150 bytes even while it is empty, are made when there is something to put in.
 */
export class LiveSocket implements Follower, NoticeReader, Speaker, Listener {
  /** Whether the client answered the last ping. */
  private isAlive = true;
  private resumed: 'not yet' | 'attaching' | 'following' | 'slow' = 'not yet';
  private needsReady = true;
  private blocksVersion = 0;
  /** Undefined where there are none. */
  private arrears: Arrears | undefined;
  /** Undefined until there is one to tell. */
  private notices: Notices | undefined;
  private readonly spoken: ClientFrames;
  private readonly outgoing: Outgoing;
  private self: UserSummary | undefined;
  private isReading = false;
  private isPaused = false;
  private slow: Slow | undefined;

  constructor(
    private readonly ws: WebSocket,
    tcp: Socket,
    public caller: Caller,
    /** An application's, by which it is asked again whether they hold. A user's token would take 300 bytes. */
    private credentials: Credentials | undefined,
    private readonly services: LiveServices,
    /** All that are open. */
    private readonly sockets: Set<LiveSocket>,
  ) {
    this.spoken = new ClientFrames(services, this);
    this.outgoing = new Outgoing(tcp, this);
    sockets.add(this);
  }

  get userId(): UserId {
    return this.caller.userId!;
  }

  received(data: Buffer, isBinary: boolean): void {
    if (this.isOpen) this.spoken.received(data, isBinary); // what still comes of one that is being closed is not done
  }

  ponged(): void {
    this.isAlive = true;
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
    this.sockets.delete(this);
    this.services.feeds.detach(this, this.userId);
    this.arrears = undefined;
    this.notices?.clear();
  }

  /** Every second: whether the token has expired, or the socket did not drain in time. */
  look(nowMs: number): void {
    const { expiresAt = Infinity } = this.caller;
    const waitsSince = this.slow?.since ?? Infinity;
    if (expiresAt <= nowMs) this.close(Close.notSignedIn, 'the token has expired');
    else if (nowMs - waitsSince > this.services.limits.slowMs) this.close(Close.tryLater, 'too slow');
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
    return { ...this.caller, userId: this.userId };
  }

  /** The same user with another token; a token that fails leaves the old expiry standing. */
  async renew(token: string): Promise<void> {
    const caller = await this.services.authenticator.authenticate({ bearer: token });
    if (caller.userId !== this.userId) throw forbidden('The token is another user’s.');
    this.caller = caller;
    this.credentials = undefined;
  }

  /** Asks again whether the credentials hold, since it may not have been told that they do not. */
  async recheck(): Promise<void> {
    try {
      await this.services.authenticator.recheck(this.caller, this.credentials);
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
    this.owed.behind.add(cursor);
    if (this.resumed === 'following') this.readOn();
  }

  joined(conversationId: ConversationId, joinedSeq: number): void {
    this.owed.joining.add(conversationId);
    this.toNotice.welcome(conversationId, joinedSeq);
  }

  /** At once, so that it never comes after a `joined` that follows it. */
  left(conversationId: ConversationId): void {
    this.arrears?.joining.delete(conversationId);
    this.tell({ type: 'conversation', conversationId, change: 'left', user: this.self });
    this.tellReady();
  }

  changed(change: ConversationChange): void {
    if (change.change !== 'deleted') return this.toNotice.changed(change);
    const { conversationId } = change;
    this.arrears?.joining.delete(conversationId);
    this.tell({ type: 'conversation', conversationId, change: 'deleted' });
    this.tellReady();
  }

  welcomed(conversationId: ConversationId, joinedSeq: number): void {
    this.arrears?.joining.delete(conversationId);
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
    for (;;) {
      const { behind } = this.arrears ?? {};
      if (!behind?.size || this.resumed !== 'following' || !this.isOpen) return;
      if (this.outgoing.length > BACKLOG_BYTES) return; // goes on when drained
      const cursors = [...behind].slice(0, CURSORS_AT_ONCE);
      try {
        await this.services.feeds.readOn(this.userId, cursors);
      } catch (error) {
        await this.services.feeds.failed(error);
        continue;
      }
      for (const cursor of cursors) if (!cursor.isBehind) behind.delete(cursor);
    }
  }

  private tellReady(): void {
    if (this.arrears?.areNone) this.arrears = undefined;
    const isLevel = !this.arrears && this.resumed === 'following';
    if (!this.needsReady || !isLevel || this.isReading) return;
    this.needsReady = false;
    this.tell({ type: 'ready', userId: this.userId, blocksVersion: this.blocksVersion });
  }

  private get owed(): Arrears {
    return (this.arrears ??= new Arrears());
  }

  private get toNotice(): Notices {
    return (this.notices ??= new Notices(this.services, this));
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
    if (this.outgoing.length <= this.services.limits.slowBytes) return;
    if (this.resumed === 'following') this.becomeSlow();
    else if (this.resumed === 'not yet') this.close(Close.tryLater, 'too slow'); // it asks, and does not read the answers
  }

  /** Leaves the feeds, noting where the client is: nothing more waits for it, and nobody else waits for this socket. */
  private becomeSlow(): void {
    this.resumed = 'slow';
    this.needsReady = true; // changes and receipts are missed meanwhile
    this.ws.pause();
    const positions = this.services.feeds.detach(this, this.userId);
    for (const id of this.arrears?.joining ?? []) positions.set(id, { seq: 0, joinedSeq: -1 }); // fits no membership
    this.slow = { since: Date.now(), positions };
    this.arrears = undefined;
    this.notices?.clear();
  }

  drained(): void {
    if (this.slow) {
      const { positions } = this.slow;
      this.slow = undefined;
      if (!this.isPaused) this.ws.resume();
      this.attach({ positions, blocksVersion: this.blocksVersion, others: 'joined' });
    } else this.readOn();
  }
}
