import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Credentials, Identity } from '../auth/authenticator.js';
import type { ActingUser } from '../common/caller.js';
import { parseMessageId, type ConversationId, type UserId } from '../common/ids.js';
import { problemDetails } from '../common/problem-details.dto.js';
import { Problem } from '../common/problem.js';
import {
  conversationNotFound,
  forbidden,
  internal,
  invalid,
  malformed,
  messageNotFound,
  unavailable,
} from '../common/problems.js';
import type { EventMap } from '../events/events.js';
import type { Cursor } from '../messages/feed.js';
import type { Position, Resume } from '../messages/feeds.service.js';
import type { ConversationChange, Follower, Passed } from '../messages/follower.js';
import type { Message } from '../messages/messages.dto.js';
import type { Prepared, Sent } from '../messages/sending.service.js';
import type { UserSummary } from '../users/users.dto.js';
import { checkFrame, parseFrame, passedFrame, serverFrame, sharedFrame, type FrameShape } from './frame.codec.js';
import type { ClientFrame, MarkFrame, ResumeFrame, SendFrame, ServerFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';
import { Outgoing } from './outgoing.js';
import { Notices, type NoticeReader } from './notices.js';

/** Why a socket is closed: RFC 6455 section 7.4, and 4401 for what HTTP calls 401. */
export const Close = { goingAway: 1001, policy: 1008, tooBig: 1009, tryLater: 1013, notSignedIn: 4401 } as const;

/** Only `resume` may be larger, up to what the server takes at all. */
const MAX_FRAME_BYTES = 4 * 1024;
const MAX_BAD_FRAMES = 10;
/** What may wait for a socket; beyond it the socket leaves its feeds until it has drained. */
const SLOW_BYTES = 1024 * 1024;
/** A backlog goes on when no more than this waits. */
const BACKLOG_BYTES = 256 * 1024;
/** Conversations of which a window is read at once. */
const CURSORS_AT_ONCE = 20;
/** How long a socket may take to drain, in milliseconds. */
const SLOW_MS = 30_000;
/** Sends of one socket that may be under way; the next are read when one is through. */
const MAX_SENDS = 64;
/** One typing notice per conversation in this time, in milliseconds. */
const TYPING_MS = 1_000;

/** One client's socket: what it says, and what it is told. */
export class LiveSocket implements Follower, NoticeReader {
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
  private badFrames = 0;
  private sends = 0;
  private lastPrepared: Promise<unknown> = Promise.resolve();
  private readonly firstSends = new Map<ConversationId, Promise<unknown>>();
  private lastTyping = new Map<ConversationId, number>();
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
    ws.on('message', (data: Buffer, isBinary: boolean) => this.received(data, isBinary));
    ws.on('pong', () => (this.isAlive = true));
    tcp.on('drain', () => this.drained());
  }

  get caller(): Identity['caller'] {
    return this.identity.caller;
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  close(code: number, reason = ''): void {
    this.outgoing.flush();
    this.ws.close(code, reason);
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
    else if (this.slowSince !== undefined && nowMs - this.slowSince > SLOW_MS) this.close(Close.tryLater, 'too slow');
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

  // ---- what the client says ----

  private received(data: Buffer, isBinary: boolean): void {
    const isTooBig = data.length > MAX_FRAME_BYTES;
    if (isTooBig && this.resumed !== 'not yet') return this.close(Close.tooBig, 'the frame is too large');
    let shape: FrameShape | undefined;
    try {
      if (isBinary) throw malformed('Frames are text.');
      shape = parseFrame(data);
      if (isTooBig && shape.type !== 'resume') return this.close(Close.tooBig, 'the frame is too large');
      this.handle(checkFrame(shape));
      this.badFrames = 0;
    } catch (error) {
      this.refused(error, shape);
    }
  }

  private refused(error: unknown, shape: FrameShape | undefined): void {
    const isSend = shape?.type === 'send' && typeof shape.ref === 'string' && shape.ref.length <= 64;
    if (isSend) {
      this.tell({ type: 'reply', ref: shape.ref as string, ...this.services.sending.failed(error) });
      return;
    }
    this.problem(error);
    if (++this.badFrames >= MAX_BAD_FRAMES) this.close(Close.policy, 'too many bad frames');
  }

  private handle(frame: ClientFrame): void {
    if (frame.type === 'ping') return this.tell({ type: 'pong' });
    if (frame.type === 'auth') return this.run(this.renew(frame.token));
    if (frame.type === 'resume') return this.resume(frame);
    if (this.resumed === 'not yet') throw invalid('A socket begins with resume.');
    switch (frame.type) {
      case 'send':
        return this.send(frame);
      case 'read':
        return this.run(this.services.messages.markRead(this.me, frame.messageId));
      case 'delivered':
        return this.delivered(frame);
      case 'typing':
        return this.typed(frame.conversationId);
    }
  }

  private get me(): ActingUser {
    return { ...this.identity.caller, userId: this.userId };
  }

  /** Something that is answered only where it fails. */
  private run(work: Promise<unknown>): void {
    work.catch((error: unknown) => this.problem(error));
  }

  /** The same user with another token; a token that fails leaves the old expiry standing. */
  private async renew(token: string): Promise<void> {
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

  private resume({ positions = {}, blocksVersion, backlog = true }: ResumeFrame): void {
    if (this.resumed !== 'not yet') throw invalid('A socket resumes once.');
    const byId = new Map(Object.entries(positions).map(([id, position]) => [id.toLowerCase(), position]));
    this.attach({ positions: byId, blocksVersion, others: backlog ? 'backlog' : 'end' });
  }

  /** In the order in which they came: whom each goes to is found out one after the other, then they wait together. */
  private send(frame: SendFrame): void {
    const { ref, recipient, text, clientMessageId } = frame;
    const { sending } = this.services;
    if (++this.sends >= MAX_SENDS) this.ws.pause();
    const prepared = this.lastPrepared.then(() => sending.prepare(this.me, { recipient, text, clientMessageId }));
    this.lastPrepared = prepared.catch(() => undefined);
    prepared
      .then((ready) => this.store(ready))
      .then(
        ({ message, isRepeated }) => this.tell({ type: 'reply', ref, status: isRepeated ? 200 : 201, message }),
        (error: unknown) => this.tell({ type: 'reply', ref, ...sending.failed(error) }),
      )
      .finally(() => {
        if (--this.sends < MAX_SENDS && this.resumed !== 'slow') this.ws.resume();
        if (this.sends === 0) this.firstSends.clear();
      });
  }

  /** Waits for the first of those under way to the same conversation: it may have to open it, and would fall behind. */
  private store(ready: Prepared): Promise<Sent> {
    const { sending } = this.services;
    const { conversationId } = ready.send;
    const first = this.firstSends.get(conversationId);
    if (first) return first.then(() => sending.store(ready));
    const stored = sending.store(ready);
    this.firstSends.set(
      conversationId,
      stored.catch(() => undefined),
    );
    return stored;
  }

  private delivered({ messageId }: MarkFrame): void {
    const place = parseMessageId(messageId);
    const { feeds, deliveredWriter } = this.services;
    const joinedSeq = place && feeds.joinedSeqOf(this.userId, place.conversationId);
    const lastSeq = place && feeds.lastSeqOf(place.conversationId);
    const isVisible =
      joinedSeq !== undefined && lastSeq !== undefined && place!.seq > joinedSeq && place!.seq <= lastSeq;
    if (!isVisible) return this.problem(messageNotFound());
    deliveredWriter.add(this.userId, place!.conversationId, place!.seq);
  }

  private typed(conversationId: ConversationId): void {
    if (!this.services.feeds.isMember(this.userId, conversationId)) return this.problem(conversationNotFound());
    const now = performance.now();
    if (now - (this.lastTyping.get(conversationId) ?? -Infinity) < TYPING_MS) return;
    if (this.lastTyping.size > 100) this.lastTyping.clear();
    this.lastTyping.set(conversationId, now);
    this.services.bus.publish([{ name: 'typing.started', data: { conversationId, userId: this.userId } }]);
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

  private problem(error: unknown): void {
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
    if (this.outgoing.length > SLOW_BYTES && this.resumed === 'following') this.becomeSlow();
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
      this.ws.resume();
      this.attach({ positions: this.slowPositions, blocksVersion: this.blocksVersion, others: 'joined' });
    } else this.readOn();
  }
}
