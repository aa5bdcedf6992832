import type { ConversationId, UserId } from '../../../src/common/ids.js';
import { Kind } from '../../../src/conversations/conversation.entity.js';
import type { ServerFrame } from '../../../src/live/frames.dto.js';
import type { SimulatedDatabase } from './database.js';
import type { SimulatedProcess, SimulatedSocket } from './process.js';

/** What a client holds of one conversation: everything it may see after `from`, up to `seq`. */
interface Held {
  /** Undefined where it only had the backlog. */
  joinedSeq: number | undefined;
  readonly from: number;
  seq: number;
  readonly seqs: number[];
}

export interface Beginning {
  /** Loads everything anew before it connects. */
  readonly isFresh: boolean;
  readonly backlog: boolean;
}

/** A client that does what the protocol says, and notes whatever the server does against it. */
export class SimulatedClient {
  private held = new Map<ConversationId, Held>();
  private blocksVersion: number | undefined;
  private socket: SimulatedSocket | undefined;
  /** Conversations that it was told to have left, on this connection. */
  private gone = new Set<ConversationId>();
  private awaitsReconnect = false;
  private isReady = false;
  private hasBacklog = true;
  /** By conversation: where it begins at the latest without a position. */
  private upTo = new Map<ConversationId, number>();
  readonly faults: string[] = [];

  constructor(
    readonly name: string,
    private readonly userId: UserId,
    private readonly db: SimulatedDatabase,
    private readonly process: SimulatedProcess,
  ) {}

  get needsConnection(): boolean {
    return !this.socket || this.awaitsReconnect;
  }

  get isSettled(): boolean {
    return this.isReady && !this.needsConnection;
  }

  connect({ isFresh, backlog }: Beginning): void {
    this.disconnect();
    if (isFresh) this.load();
    for (const [id, { joinedSeq }] of this.held) if (joinedSeq === undefined) this.held.delete(id);
    const positions = Object.fromEntries([...this.held].map(([id, { seq, joinedSeq }]) => [id, { seq, joinedSeq }]));
    this.gone = new Set();
    this.isReady = false;
    this.awaitsReconnect = false;
    this.hasBacklog = backlog;
    this.upTo = new Map();
    this.noteWhatIsThere();
    this.socket = this.process.connect(this.userId);
    const { blocksVersion } = this;
    this.socket.say({ type: 'resume', positions, backlog, ...(blocksVersion !== undefined && { blocksVersion }) });
  }

  disconnect(): void {
    this.take();
    if (this.socket && !this.socket.isClosed) this.socket.drop();
    this.socket = undefined;
  }

  clog(): void {
    this.socket?.clog();
  }

  drain(): void {
    this.socket?.drain();
  }

  take(): void {
    for (const frame of this.socket?.take() ?? []) this.apply(frame);
    if (this.socket?.isClosed) this.socket = undefined;
  }

  /** What it holds is what there is. */
  check(): void {
    const there = this.db.conversationsOf(this.userId);
    const ids = new Set(there.map(({ id }) => id));
    for (const id of this.held.keys()) if (!ids.has(id)) this.fault(`holds ${id}, which it is not in`);
    for (const conversation of there) {
      const { id } = conversation;
      const held = this.held.get(id);
      const joinedSeq = conversation.members.get(this.userId)!.joinedSeq;
      if (held?.joinedSeq !== undefined && held.joinedSeq !== joinedSeq) {
        this.fault(`holds ${id} from ${held.joinedSeq}, not ${joinedSeq}`);
      }
      const latest = Math.max(this.upTo.get(id) ?? 0, joinedSeq);
      if (held?.joinedSeq === undefined && held && held.from > latest) {
        this.fault(`began ${id} after ${held.from}, not ${latest}`);
      }
      const visible = this.db.visibleSeqs(this.userId, conversation, held ? held.from : latest);
      const seqs = held?.seqs ?? [];
      if (String(visible) !== String(seqs))
        this.fault(`holds ${seqs.join()} of ${id} after ${held?.from}, not ${visible.join()}`);
    }
    const { blocksVersion } = this.db.users.get(this.userId)!;
    if (this.blocksVersion !== blocksVersion) this.fault(`knows blocks ${this.blocksVersion}, not ${blocksVersion}`);
  }

  /** Everything there is, of one moment. */
  private load(): void {
    this.blocksVersion = this.db.users.get(this.userId)!.blocksVersion;
    this.held = new Map(
      this.db.conversationsOf(this.userId).map((conversation) => {
        const { joinedSeq } = conversation.members.get(this.userId)!;
        const seqs = this.db.visibleSeqs(this.userId, conversation, joinedSeq);
        return [conversation.id, { joinedSeq, from: joinedSeq, seq: conversation.messages.length, seqs }];
      }),
    );
  }

  private apply(frame: ServerFrame): void {
    switch (frame.type) {
      case 'message':
        return this.message(frame.message, frame.afterSeq);
      case 'conversation':
        return this.conversation(frame);
      case 'blocks':
        this.blocksVersion = frame.blocksVersion;
        for (const id of this.held.keys()) if (this.isGroup(id)) this.held.delete(id);
        this.awaitsReconnect = true;
        return;
      case 'ready':
        this.ready(frame);
        return;
      case 'problem':
        if (frame.problem.code !== 'unavailable') this.fault(`was told ${JSON.stringify(frame.problem)}`);
    }
  }

  private message(
    { conversationId: id, seq, text }: { conversationId: string; seq: number; text: string },
    afterSeq: number,
  ): void {
    if (text !== `${seq} of ${id}`) this.fault(`got ${seq} of ${id} as ${text}`);
    if (this.awaitsReconnect && this.isGroup(id)) return;
    const stay = this.db.stayOf(this.userId, id, seq);
    if (stay === undefined) this.fault(`got ${seq} of ${id}, sent while it was not in`);
    if (this.gone.has(id)) this.fault(`got ${seq} of ${id}, which it was told to have left`);
    let held = this.held.get(id);
    if (!held) this.held.set(id, (held = { joinedSeq: undefined, from: afterSeq, seq: afterSeq, seqs: [] }));
    if (held.seq !== afterSeq) this.fault(`got ${seq} of ${id} after ${afterSeq}, but had been told ${held.seq}`);
    if (seq <= held.seq) this.fault(`got ${seq} of ${id}, but was at ${held.seq}`);
    if (held.joinedSeq !== undefined && held.joinedSeq !== stay) {
      this.fault(`got ${seq} of ${id} of the stay from ${stay}, but joined at ${held.joinedSeq}`);
    }
    held.seq = seq;
    held.seqs.push(seq);
  }

  private conversation(frame: Extract<ServerFrame, { type: 'conversation' }>): void {
    const { conversationId: id, change, user, conversation } = frame;
    const isMine = user?.id === this.userId;
    if (change === 'deleted' || (change === 'left' && isMine)) {
      this.held.delete(id);
      this.gone.add(id);
    } else if (change === 'joined' && isMine) {
      if (!conversation) return this.fault(`joined ${id} without its head`);
      const { joinedSeq } = conversation;
      this.held.set(id, { joinedSeq, from: joinedSeq, seq: joinedSeq, seqs: [] });
      this.gone.delete(id);
    } else if (this.gone.has(id)) this.fault(`was told ${change} of ${id}, which it was told to have left`);
  }

  private ready({ userId, blocksVersion }: Extract<ServerFrame, { type: 'ready' }>): void {
    if (userId !== this.userId) this.fault(`is ${userId}?`);
    this.isReady = true;
    if (this.blocksVersion !== undefined && this.blocksVersion !== blocksVersion && !this.awaitsReconnect) {
      this.fault(`is ready with blocks ${blocksVersion}, but was told ${this.blocksVersion}`);
    }
    this.blocksVersion ??= blocksVersion;
    this.noteWhatIsThere(); // until now it may have begun after it
  }

  private noteWhatIsThere(): void {
    for (const { id, members, messages } of this.db.conversationsOf(this.userId)) {
      const end = this.hasBacklog ? members.get(this.userId)!.deliveredSeq : messages.length;
      this.upTo.set(id, Math.max(this.upTo.get(id) ?? 0, end));
    }
  }

  private isGroup(id: ConversationId): boolean {
    return this.db.conversations.get(id)!.kind === Kind.group;
  }

  private fault(what: string): void {
    this.faults.push(`${this.name} ${what}`);
  }
}
