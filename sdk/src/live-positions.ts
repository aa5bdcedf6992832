import type { components } from './live-schema.js';

type Conversation = components['schemas']['Conversation'];
type Position = components['schemas']['Position'];

/** How far a client has come in one conversation. */
export interface LivePosition extends Position {
  readonly kind: Conversation['kind'];
}

/** Everything that a client needs to go on where it stopped. Plain JSON: keep it with the messages. */
export interface LiveState {
  readonly positions: Readonly<Record<string, LivePosition>>;
  /** Counts blocks and unblocks; absent before the first connection. */
  readonly blocksVersion?: number;
}

/** What to do with a message: show it, skip it as known, or first read what lies between. */
export type Verdict = 'show' | 'skip' | 'gap';

/** Of a conversation that is new to a client, at most this many messages are told. */
const MAX_BACKLOG = 200;
/** A resume has to stay below 1 MiB, at up to 90 bytes a position. */
const MAX_POSITIONS = 11_000;

interface TrackedPosition {
  seq: number;
  /** Unknown until the conversation's head has been seen. */
  joinedSeq: number | undefined;
  readonly kind: Conversation['kind'];
}

/** Where a client is in each conversation, by the rules of the live protocol. */
export class Positions {
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

  /** Begins a conversation at the first message that is told of it. */
  meet(conversationId: string, kind: Conversation['kind'], seq: number): void {
    if (!this.byConversation.has(conversationId))
      this.byConversation.set(conversationId, { seq, joinedSeq: undefined, kind });
  }

  judge(conversationId: string, afterSeq: number, seq: number): Verdict {
    const place = this.byConversation.get(conversationId);
    if (!place || afterSeq > place.seq) return 'gap';
    return seq > place.seq ? 'show' : 'skip';
  }

  /** Forward only. */
  moveTo(conversationId: string, seq: number): void {
    const place = this.byConversation.get(conversationId);
    if (place) place.seq = Math.max(place.seq, seq);
  }

  /** As joined anew: whatever was there no longer counts. */
  joined({ id, kind, joinedSeq }: Conversation): void {
    this.byConversation.set(id, { seq: joinedSeq, joinedSeq, kind });
  }

  /**
   * A head that was loaded before connecting: a conversation that is new to the client begins where the server would
   * begin it, or at its end. From then on the client has a position, and misses nothing however long it is away.
   */
  start({ id, kind, joinedSeq, deliveredSeq, lastSeq }: Conversation, fromEnd: boolean): void {
    if (this.byConversation.has(id)) return;
    const seq = fromEnd ? lastSeq : Math.max(deliveredSeq, lastSeq - MAX_BACKLOG);
    this.byConversation.set(id, { seq, joinedSeq, kind });
  }

  /** What a head says of a conversation that was met before its head was seen. */
  learn(conversationId: string, joinedSeq: number): void {
    const place = this.byConversation.get(conversationId);
    if (place) place.joinedSeq ??= joinedSeq;
  }

  /** Conversations whose joinedSeq is not known yet. */
  get unlearned(): string[] {
    return [...this.byConversation].filter(([, { joinedSeq }]) => joinedSeq === undefined).map(([id]) => id);
  }

  drop(conversationId: string): void {
    this.byConversation.delete(conversationId);
  }

  /** Drops every group; answers which. */
  dropGroups(): string[] {
    const groups = [...this.byConversation].filter(([, { kind }]) => kind === 'group').map(([id]) => id);
    for (const id of groups) this.byConversation.delete(id);
    return groups;
  }

  /** What `resume` says. A conversation whose joinedSeq is unknown has no position. */
  resume(): Record<string, Position> {
    const known = Object.entries(this.state().positions).slice(-MAX_POSITIONS);
    return Object.fromEntries(known.map(([id, { seq, joinedSeq }]) => [id, { seq, joinedSeq }]));
  }

  /** `notYet` are messages that nobody has taken: a client that goes on from this state gets them again. */
  state(notYet: Iterable<{ readonly conversationId: string; readonly seq: number }> = []): LiveState {
    const limits = new Map<string, number>();
    for (const { conversationId, seq } of notYet) {
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
