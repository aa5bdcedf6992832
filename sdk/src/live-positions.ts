import type { components } from './live-schema.js';

type Conversation = components['schemas']['Conversation'];
type Position = components['schemas']['Position'];

/** How far a client has come in one conversation: a position of the live protocol, and the conversation's kind. */
export interface LivePosition extends Position {
  readonly kind: Conversation['kind'];
}

/** Everything that a client needs to continue where it stopped. Plain JSON: store it with the messages. */
export interface LiveState {
  readonly positions: Readonly<Record<string, LivePosition>>;
  /** Counts blocks and unblocks; absent before the first connection. */
  readonly blocksVersion?: number;
}

/** What to do with a message: show it, drop it as a duplicate, or first read the messages that are missing before it. */
export type Verdict = 'show' | 'duplicate' | 'gap';

/** A client gets at most this many messages of a conversation that is new to it. */
const MAX_BACKLOG = 200;
/** A `resume` has to stay below 1 MiB; a position takes up to 90 bytes. */
const MAX_POSITIONS = 11_000;

interface TrackedPosition {
  seq: number;
  /** Unknown until the client has loaded the conversation's head. */
  joinedSeq: number | undefined;
  readonly kind: Conversation['kind'];
}

/** Tracks the client's position in each conversation, by the rules of the live protocol. */
export class PositionTracker {
  private readonly byConversation = new Map<string, TrackedPosition>();
  blocksVersion: number | undefined;

  constructor(state?: LiveState) {
    for (const [id, position] of Object.entries(state?.positions ?? {})) this.byConversation.set(id, { ...position });
    this.blocksVersion = state?.blocksVersion;
  }

  has(conversationId: string): boolean {
    return this.byConversation.has(conversationId);
  }

  seqOf(conversationId: string): number | undefined {
    return this.byConversation.get(conversationId)?.seq;
  }

  /** Starts a conversation that the client does not know, at the first message that arrives of it. */
  startAt(conversationId: string, kind: Conversation['kind'], seq: number): void {
    if (!this.byConversation.has(conversationId))
      this.byConversation.set(conversationId, { seq, joinedSeq: undefined, kind });
  }

  check(conversationId: string, afterSeq: number, seq: number): Verdict {
    const tracked = this.byConversation.get(conversationId);
    if (!tracked || afterSeq > tracked.seq) return 'gap';
    return seq > tracked.seq ? 'show' : 'duplicate';
  }

  /** Forward only. */
  advanceTo(conversationId: string, seq: number): void {
    const tracked = this.byConversation.get(conversationId);
    if (tracked) tracked.seq = Math.max(tracked.seq, seq);
  }

  /** The user has joined (again): any earlier position no longer counts. */
  joined({ id, kind, joinedSeq }: Conversation): void {
    this.byConversation.set(id, { seq: joinedSeq, joinedSeq, kind });
  }

  /**
   * Starts a conversation from its head, loaded before connecting, if it is new to the client: at the seq at which the
   * server would start it, or at its end. With a position the client misses nothing, however long it is away.
   */
  start({ id, kind, joinedSeq, deliveredSeq, lastSeq }: Conversation, fromEnd: boolean): void {
    if (this.byConversation.has(id)) return;
    const seq = fromEnd ? lastSeq : Math.max(deliveredSeq, lastSeq - MAX_BACKLOG);
    this.byConversation.set(id, { seq, joinedSeq, kind });
  }

  /** Adds the joinedSeq of a conversation that started before the client had its head. */
  setJoinedSeq(conversationId: string, joinedSeq: number): void {
    const tracked = this.byConversation.get(conversationId);
    if (tracked) tracked.joinedSeq ??= joinedSeq;
  }

  /** Conversations whose joinedSeq is not known yet. */
  get withoutJoinedSeq(): string[] {
    return [...this.byConversation].filter(([, { joinedSeq }]) => joinedSeq === undefined).map(([id]) => id);
  }

  drop(conversationId: string): void {
    this.byConversation.delete(conversationId);
  }

  /** Drops every group. Returns their ids. */
  dropGroups(): string[] {
    const groups = [...this.byConversation].filter(([, { kind }]) => kind === 'group').map(([id]) => id);
    for (const id of groups) this.byConversation.delete(id);
    return groups;
  }

  /** The positions for `resume`. A conversation whose joinedSeq is unknown has none. */
  resume(): Record<string, Position> {
    const known = Object.entries(this.state().positions).slice(-MAX_POSITIONS);
    return Object.fromEntries(known.map(([id, { seq, joinedSeq }]) => [id, { seq, joinedSeq }]));
  }

  /** `untaken` are messages that the application has not taken: a client that continues from this state gets them again. */
  state(untaken: Iterable<{ readonly conversationId: string; readonly seq: number }> = []): LiveState {
    const limits = new Map<string, number>();
    for (const { conversationId, seq } of untaken) {
      limits.set(conversationId, Math.min(seq - 1, limits.get(conversationId) ?? seq));
    }
    const positions: Record<string, LivePosition> = {};
    for (const [id, { seq, joinedSeq, kind }] of this.byConversation) {
      if (joinedSeq === undefined) continue;
      positions[id] = { seq: Math.min(seq, limits.get(id) ?? seq), joinedSeq, kind };
    }
    return { positions, ...(this.blocksVersion !== undefined && { blocksVersion: this.blocksVersion }) };
  }
}
