import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import type { ConversationId, UserId } from '../../../src/common/ids.js';
import { EventBus, type AnyEvent } from '../../../src/events/event-bus.js';
import type { Tx } from '../../../src/database/tx.js';
import type { UnitOfWork } from '../../../src/database/unit-of-work.js';
import { LiveLimits } from '../../../src/live/live.limits.js';
import { LiveSocket } from '../../../src/live/live.socket.js';
import type { ServerFrame } from '../../../src/live/frames.dto.js';
import type { LiveServices } from '../../../src/live/live.services.js';
import type { FeedsRepository } from '../../../src/feeds/feeds.repository.js';
import { FeedEvents } from '../../../src/feeds/feed-events.js';
import { FeedRegistry } from '../../../src/feeds/feed-registry.js';
import { FeedResync } from '../../../src/feeds/feed-resync.js';
import { FeedsService } from '../../../src/feeds/feeds.service.js';
import { messageView, recipientOf } from '../../../src/messages/message-views.service.js';
import type { WindowStart, WindowsService } from '../../../src/messages/windows.service.js';
import type { UsersService } from '../../../src/users/users.service.js';
import { unavailable } from '../../../src/common/problems.js';
import { assertFeedInvariants } from '../feed-invariants.js';
import type { SimulatedDatabase } from './database.js';
import { ReadFailed, type Tasks } from './tasks.js';

/** Small, so that short histories have gaps of several reads. */
const ROWS_AT_ONCE = 2;

/** Whatever reads is simulated, so nothing runs in it. */
const WORK = { now: {} } as UnitOfWork;

class Bus extends EventBus {
  private readonly handlersOfDisturbance: ((reason: string) => void)[] = [];

  override onPossibleLoss(handler: (reason: string) => void): void {
    this.handlersOfDisturbance.push(handler);
  }

  disturb(): void {
    for (const handler of this.handlersOfDisturbance) handler('a simulation');
  }
}

class SimulatedRegistry extends FeedRegistry {
  tasks!: Tasks;
  /** Failures that nothing expects. */
  readonly errors: unknown[] = [];

  override readFailed(error: unknown): Promise<void> {
    if (!(error instanceof ReadFailed)) this.errors.push(error);
    return this.tasks.pause();
  }
}

const summaryOf = (id: UserId): { id: UserId; displayName: string; deleted: boolean } => ({
  id,
  displayName: id,
  deleted: false,
});

/** One copy of the server, as far as what it follows and tells: real but for the database, the hints and the sockets. */
export class SimulatedProcess {
  private readonly bus = new Bus();
  private readonly registry: SimulatedRegistry;
  readonly events: FeedEvents;
  private readonly resync: FeedResync;
  private readonly services: LiveServices;
  private readonly users: UsersService;
  /** Whose name is at hand. */
  readonly known: Set<UserId>;

  constructor(
    private readonly db: SimulatedDatabase,
    private readonly tasks: Tasks,
  ) {
    this.known = new Set(db.users.keys());
    this.users = {
      cachedSummary: (id: UserId) => (this.known.has(id) ? summaryOf(id) : undefined),
      summaries: async (ids: Iterable<UserId>) => {
        const wanted = [...ids];
        if (!wanted.every((id) => this.known.has(id))) await tasks.pause();
        return new Map(wanted.map((id) => [id, summaryOf(id)]));
      },
    } as unknown as UsersService;
    this.registry = new SimulatedRegistry(WORK, this.repository(), this.users);
    this.registry.tasks = tasks;
    this.events = new FeedEvents(this.registry, this.bus);
    this.resync = new FeedResync(this.registry, this.bus);
    this.services = {
      feeds: new FeedsService(this.registry, this.windows(), WORK, this.bus),
      heads: this.heads(),
      limits: new LiveLimits(),
      problemFrom: (error: unknown) => {
        if (!(error instanceof ReadFailed)) this.registry.errors.push(error);
        return unavailable();
      },
    } as unknown as LiveServices;
  }

  /** @throws an Error that names the broken invariant */
  assertInvariants(): void {
    assertFeedInvariants(this.registry);
  }

  get errors(): readonly unknown[] {
    return this.registry.errors;
  }

  hear(event: AnyEvent): void {
    this.bus.publish([event]);
  }

  disturb(): void {
    this.bus.disturb();
  }

  connect(userId: UserId): SimulatedSocket {
    return new SimulatedSocket(userId, this.services, this.tasks);
  }

  close(): void {
    this.resync.onModuleDestroy();
  }

  private repository(): FeedsRepository {
    const { db, tasks } = this;
    return {
      memberships: (_: Tx, ids: readonly UserId[]) => tasks.read(() => db.memberships(ids)),
      members: (_: Tx, id: ConversationId, ids: readonly UserId[]) => tasks.read(() => db.members(id, ids)),
      blocks: (_: Tx, ids: readonly UserId[]) => tasks.read(() => db.blocks(ids)),
      gap: (_: Tx, id: ConversationId, after: number, to: number) =>
        tasks.read(() => db.gap(id, after, to, ROWS_AT_ONCE)),
    };
  }

  private windows(): WindowsService {
    const after = (_: Tx, userId: UserId, places: readonly WindowStart[]): unknown =>
      this.tasks.read(
        () =>
          new Map(
            places.flatMap(({ conversationId, seq, joinedSeq }) => {
              const window = this.db.window(userId, conversationId, seq, ROWS_AT_ONCE);
              if (!window || window.joinedSeq !== joinedSeq) return [];
              const items = window.rows.map((row) =>
                messageView(row, {
                  sender: summaryOf(row.senderId),
                  recipient: recipientOf({ ...this.db.members(conversationId, [])! }, row.senderId),
                  read: false,
                  isOwn: row.senderId === userId,
                }),
              );
              const { toSeq, lastSeq } = window;
              return [[conversationId, { items, afterSeq: seq, toSeq, more: toSeq < lastSeq }]];
            }),
          ),
      );
    return { after } as unknown as WindowsService;
  }

  private heads(): unknown {
    const describe = async (
      userId: UserId,
      ids: readonly ConversationId[],
      userIds: readonly UserId[],
    ): Promise<unknown> => {
      const conversations =
        ids.length === 0
          ? []
          : await this.tasks.read(() =>
              ids.flatMap((id) => {
                const head = this.db.head(userId, id);
                return head ? [{ id, ...head }] : [];
              }),
            );
      return { conversations, users: await this.users.summaries(userIds) };
    };
    return { describe };
  }
}

/** The server's end of a connection: what it writes waits here until the network takes it. */
export class SimulatedSocket {
  private readonly ws = {
    OPEN: 1,
    readyState: 1,
    close: (code: number) => this.closing(code),
    terminate: () => this.closing(1006),
    ping: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
  };
  private readonly tcp = Object.assign(new EventEmitter(), {
    cork: () => undefined,
    uncork: () => undefined,
    write: (frames: Buffer) => this.written.push(frames),
    writable: true,
    writableLength: 0,
  });
  private written: Buffer[] = [];
  private readonly live: LiveSocket;
  isClogged = false;
  isClosed = false;

  constructor(
    userId: UserId,
    services: LiveServices,
    private readonly tasks: Tasks,
  ) {
    const ws = this.ws as unknown as WebSocket;
    this.live = new LiveSocket(ws, this.tcp as unknown as Socket, { userId }, undefined, services, new Set());
  }

  say(frame: object): void {
    this.live.received(Buffer.from(JSON.stringify(frame)), false);
  }

  /** What the client gets now. */
  take(): ServerFrame[] {
    if (this.isClogged) return [];
    return [...framesOf(Buffer.concat(this.written.splice(0)))];
  }

  /** The client stops reading, until `drain`. */
  clog(): void {
    this.isClogged = true;
    this.tcp.writableLength = 2 * 1024 * 1024;
  }

  drain(): void {
    if (!this.isClogged) return;
    this.isClogged = false;
    this.tcp.writableLength = 0;
    this.tcp.emit('drain');
  }

  /** The connection is gone. */
  drop(): void {
    this.ws.readyState = 3;
    this.isClosed = true;
    this.live.closed();
  }

  private closing(_code: number): void {
    if (this.ws.readyState !== 1) return;
    this.ws.readyState = 2;
    void this.tasks.pause().then(
      () => this.isClosed || this.drop(),
      () => this.isClosed || this.drop(),
    );
  }
}

/** RFC 6455, unmasked and under 64 KiB. */
function* framesOf(bytes: Buffer): Iterable<ServerFrame> {
  for (let at = 0; at < bytes.length;) {
    const isShort = bytes[at + 1]! < 126;
    const start = at + (isShort ? 2 : 4);
    at = start + (isShort ? bytes[start - 1]! : bytes.readUInt16BE(start - 2));
    yield JSON.parse(bytes.toString('utf8', start, at)) as ServerFrame;
  }
}
