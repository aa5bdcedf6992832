import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { Credentials } from '../http/caller.guard.js';
import type { ActingUser, Caller } from '../common/caller.js';
import type { ConversationId, UserId } from '../common/ids.js';
import { problemDetails } from '../common/problem-details.dto.js';
import { Problem } from '../common/problem.js';
import { forbidden, invalid } from '../common/problems.js';
import type { EventMap } from '../events/events.js';
import type { Position, Resume } from '../feeds/feeds.service.js';
import type {
  ConversationChange,
  FanOutMessage,
  FeedSubscriber,
  LaggingSubscription,
} from '../feeds/feed-subscriber.js';
import type { Message } from '../messages/messages.dto.js';
import type { UserSummary } from '../users/users.dto.js';
import { FrameHandler, type FrameConnection } from './frame-handler.js';
import { Close } from './close.js';
import { fanOutFrame, serverFrame, sharedFrame } from './frame.codec.js';
import type { ResumeFrame, ServerFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';
import { Outgoing } from './outgoing.js';
import { NotificationQueue, type NotificationTarget } from './notification-queue.js';
import type { WebSocketHandler } from './server-web-socket.js';

/** A backlog goes on when no more than this waits. */
const BACKLOG_BYTES = 256 * 1024;
/** Conversations of which a window is read at once. */
const SUBSCRIPTIONS_AT_ONCE = 20;

type State = 'new' | 'attaching' | 'following' | 'slow';

/** What is still to be sent before the client has caught up. */
class Backlog {
  readonly lagging = new Set<LaggingSubscription>();
  /** Conversations whose `joined` is still to be sent. */
  readonly joining = new Set<ConversationId>();

  get isEmpty(): boolean {
    return this.lagging.size === 0 && this.joining.size === 0;
  }
}

/** A client that reads too slowly. */
interface Slow {
  /** Milliseconds since 1970. */
  readonly since: number;
  readonly positions: Map<ConversationId, Position>;
}

/**
 * The server's end of one client's connection: handles its frames, and sends what the feeds fan out.
 *
 *   new ──resume──▶ attaching ──feeds attached──▶ following ──1 MiB waits──▶ slow
 *                       ▲                                                     │ drained
 *                       └─────────────────────────────────────────────────────┘
 *   closed from every state: 4401 (session, token), 1013 (slow for 30 s, or before `resume`), 1008, 1009, 1001
 *
 * Invariants between two turns of the event loop:
 *  1. Only a socket that is following has subscriptions; a slow one has the positions that they stood at.
 *  2. `ready` is sent when nothing lags and no `joined` is still to be sent, once after each attach and each resync.
 *  3. A conversation's messages follow its `joined`, and nothing of it follows its `left` or `deleted`.
 *
 * There are thousands of sockets, and most are idle. An empty collection takes some 150 bytes, so each is made when there
 * is something to put in.
 */
export class LiveSocket implements FeedSubscriber, NotificationTarget, FrameConnection, WebSocketHandler {
  /** Whether the client answered the last ping. */
  private isAlive = true;
  private state: State = 'new';
  private needsReady = true;
  private blocksVersion = 0;
  /** Undefined if there is none. */
  private backlog: Backlog | undefined;
  /** Undefined until there is one to send. */
  private notifications: NotificationQueue | undefined;
  private readonly frames: FrameHandler;
  private readonly outgoing: Outgoing;
  private self: UserSummary | undefined;
  private isReading = false;
  private isPaused = false;
  private slow: Slow | undefined;

  constructor(
    private readonly ws: WebSocket,
    tcp: Socket,
    public caller: Caller,
    /** An application's, with which it is authenticated again. A user's token would take 300 bytes. */
    private credentials: Credentials | undefined,
    private readonly services: LiveServices,
    /** All that are open. */
    private readonly sockets: Set<LiveSocket>,
  ) {
    this.frames = new FrameHandler(services, this);
    this.outgoing = new Outgoing(tcp, this);
    sockets.add(this);
  }

  get userId(): UserId {
    return this.caller.userId!;
  }

  received(data: Buffer, isBinary: boolean): void {
    if (this.isOpen) this.frames.received(data, isBinary); // frames that still arrive while it is being closed are not handled
  }

  ponged(): void {
    this.isAlive = true;
  }

  get hasResumed(): boolean {
    return this.state !== 'new';
  }

  get isOpen(): boolean {
    return this.ws.readyState === this.ws.OPEN;
  }

  close(code: number, reason = ''): void {
    this.outgoing.flush();
    this.ws.resume(); // or the client's answer would not be read
    this.ws.close(code, reason);
  }

  /** A slow socket is paused by itself, until it has drained. */
  pause(isPaused: boolean): void {
    this.isPaused = isPaused;
    if (isPaused) this.ws.pause();
    else if (this.state !== 'slow') this.ws.resume();
  }

  terminate(): void {
    this.ws.terminate();
  }

  /** The connection is gone. */
  closed(): void {
    this.sockets.delete(this);
    this.services.feeds.detach(this, this.userId);
    this.backlog = undefined;
    this.notifications?.clear();
  }

  /** Every second: closes if the token has expired, or the socket did not drain in time. */
  checkDeadlines(nowMs: number): void {
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

  /** The same user with another token. A token that fails leaves the old expiry as it is. */
  async renew(token: string): Promise<void> {
    const caller = await this.services.authenticator.authenticate({ bearer: token });
    if (caller.userId !== this.userId) throw forbidden('The token is another user’s.');
    this.caller = caller;
    this.credentials = undefined;
  }

  /** Authenticates again, since this process may not have heard that the session or key has ended. */
  async recheck(): Promise<void> {
    try {
      await this.services.authenticator.recheck(this.caller, this.credentials);
    } catch (error) {
      if (error instanceof Problem) this.close(Close.notSignedIn, error.kind.title);
    }
  }

  resume({ positions = {}, blocksVersion, backlog = true }: ResumeFrame): void {
    if (this.state !== 'new') throw invalid('A socket resumes once.');
    const byId = new Map(Object.entries(positions).map(([id, position]) => [id.toLowerCase(), position]));
    this.attach({ positions: byId, blocksVersion, others: backlog ? 'backlog' : 'end' });
  }

  // ---- following ----

  private attach(resume: Resume): void {
    this.state = 'attaching';
    this.subscribeToFeeds(resume).then(
      () => {
        if (!this.isOpen) return this.closed();
        if (this.state === 'attaching') this.state = 'following';
        this.blocksVersion = this.services.feeds.blocksVersionOf(this.userId);
        this.sendBacklog();
      },
      (error: unknown) => {
        this.problem(error);
        this.close(Close.tryLater, 'following could not begin');
      },
    );
  }

  private async subscribeToFeeds(resume: Resume): Promise<void> {
    const { users } = await this.services.heads.describe(this.userId, [], [this.userId]);
    this.self = users.get(this.userId);
    await this.services.feeds.attach(this, this.userId, resume, () => this.isOpen);
  }

  fanOut(message: FanOutMessage, afterSeq: number): void {
    this.write(fanOutFrame(message, afterSeq, message.message.sender.id === this.userId));
  }

  message(message: Message, afterSeq: number): void {
    this.send({ type: 'message', afterSeq, message });
  }

  lagging(subscription: LaggingSubscription): void {
    this.openBacklog.lagging.add(subscription);
    if (this.state === 'following') this.sendBacklog();
  }

  joined(conversationId: ConversationId, joinedSeq: number): void {
    this.openBacklog.joining.add(conversationId);
    this.notificationQueue.addOwnJoin(conversationId, joinedSeq);
  }

  /** At once, so that it never comes after a `joined` that follows it. */
  left(conversationId: ConversationId): void {
    this.backlog?.joining.delete(conversationId);
    this.send({ type: 'conversation', conversationId, change: 'left', user: this.self });
    this.sendReadyIfCaughtUp();
  }

  changed(change: ConversationChange): void {
    if (change.change !== 'deleted') return this.notificationQueue.addChange(change);
    const { conversationId } = change;
    this.backlog?.joining.delete(conversationId);
    this.send({ type: 'conversation', conversationId, change: 'deleted' });
    this.sendReadyIfCaughtUp();
  }

  joinedSent(conversationId: ConversationId, joinedSeq: number): void {
    this.backlog?.joining.delete(conversationId);
    this.services.feeds.subscribe(this, this.userId, conversationId, joinedSeq);
    this.sendBacklog();
  }

  receipt(receipt: EventMap['receipt.moved']): void {
    this.write(sharedFrame(receipt, () => ({ type: 'receipt', ...receipt })));
  }

  typing(typing: EventMap['typing.started']): void {
    this.write(sharedFrame(typing, () => ({ type: 'typing', ...typing })));
  }

  blocksChanged(blocksVersion: number): void {
    this.blocksVersion = blocksVersion;
    this.send({ type: 'blocks', blocksVersion });
  }

  resynced(): void {
    this.needsReady = true;
    this.sendReadyIfCaughtUp();
  }

  /** Reads windows of what lags, a few conversations at a time, the next ones when most bytes of the last have gone out. */
  private sendBacklog(): void {
    if (!this.isReading) void this.readLagging();
  }

  /** The last check and the end are in one turn: what begins to lag in between would wait for the next event. */
  private async readLagging(): Promise<void> {
    this.isReading = true;
    try {
      for (;;) {
        const { lagging } = this.backlog ?? {};
        if (!lagging?.size || this.state !== 'following' || !this.isOpen) return;
        if (this.outgoing.length > BACKLOG_BYTES) return; // goes on when drained
        const some = [...lagging].slice(0, SUBSCRIPTIONS_AT_ONCE);
        try {
          await this.services.feeds.readBacklog(this.userId, some);
        } catch (error) {
          await this.services.feeds.readFailed(error);
          continue;
        }
        for (const one of some) if (!one.isLagging) lagging.delete(one);
      }
    } finally {
      this.isReading = false;
      this.sendReadyIfCaughtUp();
    }
  }

  private sendReadyIfCaughtUp(): void {
    if (this.backlog?.isEmpty) this.backlog = undefined;
    const isCaughtUp = !this.backlog && this.state === 'following';
    if (!this.needsReady || !isCaughtUp || this.isReading) return;
    this.needsReady = false;
    this.send({ type: 'ready', userId: this.userId, blocksVersion: this.blocksVersion });
  }

  private get openBacklog(): Backlog {
    return (this.backlog ??= new Backlog());
  }

  private get notificationQueue(): NotificationQueue {
    return (this.notifications ??= new NotificationQueue(this.services, this));
  }

  // ---- writing ----

  send(frame: ServerFrame): void {
    this.write(serverFrame(frame));
  }

  problem(error: unknown): void {
    const problem = this.services.problemFrom(error, 'a frame');
    this.send({ type: 'problem', problem: problemDetails(problem) });
  }

  private write(frame: Buffer): void {
    if (!this.isOpen) return;
    this.outgoing.push(frame);
    if (this.outgoing.length <= this.services.limits.slowBytes) return;
    if (this.state === 'following') this.becomeSlow();
    else if (this.state === 'new') this.close(Close.tryLater, 'too slow'); // it asks, and does not read the answers
  }

  /** Leaves the feeds and notes where the client is: nothing more waits in memory for it, and nobody waits for this socket. */
  private becomeSlow(): void {
    this.state = 'slow';
    this.needsReady = true; // changes and receipts are missed meanwhile
    this.ws.pause();
    const positions = this.services.feeds.detach(this, this.userId);
    // guard: test/live-histories.spec.ts
    for (const id of this.backlog?.joining ?? []) positions.set(id, { seq: 0, joinedSeq: -1 }); // fits no membership
    this.slow = { since: Date.now(), positions };
    this.backlog = undefined;
    this.notifications?.clear();
  }

  drained(): void {
    if (this.slow) {
      const { positions } = this.slow;
      this.slow = undefined;
      if (!this.isPaused) this.ws.resume();
      this.attach({ positions, blocksVersion: this.blocksVersion, others: 'joined' });
    } else this.sendBacklog();
  }
}
