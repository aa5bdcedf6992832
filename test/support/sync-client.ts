import { ParleyError, type Input, type Schemas } from '../../sdk/src/index.js';
import { conversationNotFound } from '../../src/common/problems.js';
import type { Person } from './person.js';

type Window = Schemas['MessageWindow'];

/** The client's copy of one conversation. */
interface Kept {
  seq: number;
  joinedSeq: number;
  readonly kind: 'direct' | 'group';
  readonly messages: Schemas['Message'][];
  /** The last window said that there is more. */
  more: boolean;
}

/** A running sync: its first request, and the cursor of its next page. */
interface UnderWay {
  readonly request: Input<'sync'>;
  /** The blocksVersion of its first answer, which counts when the sync is complete. */
  readonly blocksVersion: number;
  readonly cursor: string;
}

/**
 * A client that keeps everything and opens no socket. It follows the documented rules for positions and sync, one request at a
 * time, and nothing else.
 */
export class SyncClient {
  private readonly kept = new Map<string, Kept>();
  private blocksVersion: number | undefined;
  private underWay: UnderWay | undefined;

  constructor(private readonly person: Person) {}

  /** The next request of the running sync, or the first of a new one. */
  async request(limit: number): Promise<void> {
    const { underWay } = this;
    const request = underWay?.request ?? this.newRequest(limit);
    const page = await this.person.api.sync({ ...request, ...(underWay && { cursor: underWay.cursor }) });
    if (!underWay && page.blocksVersion !== this.blocksVersion) this.dropGroups();
    for (const id of page.gone) this.kept.delete(id);
    for (const { conversation, messages } of page.conversations) this.take(conversation, messages);
    const blocksVersion = underWay?.blocksVersion ?? page.blocksVersion;
    this.underWay = page.next === undefined ? undefined : { request, blocksVersion, cursor: page.next };
    if (!this.underWay) this.blocksVersion = blocksVersion;
  }

  /** Forgets a running sync, like a client that is closed. */
  giveUp(): void {
    this.underWay = undefined;
  }

  /** Reads more of the first conversation that has more; false if none has. */
  async readOn(limit: number): Promise<boolean> {
    const [id, kept] = [...this.kept].find(([, { more }]) => more) ?? [];
    if (!id || !kept) return false;
    try {
      apply(kept, await this.person.api.listConversationMessages({ conversation: id, afterSeq: kept.seq, limit }));
    } catch (error) {
      if (!(error instanceof ParleyError) || error.code !== conversationNotFound.code) throw error;
      kept.more = false; // the next sync returns it as gone
    }
    return true;
  }

  /** Completes the running sync, runs one more, and reads every conversation to its end. */
  async syncToTheEnd(): Promise<void> {
    while (this.underWay) await this.request(1);
    do await this.request(3);
    while (this.underWay);
    while (await this.readOn(50));
  }

  /** The messages to compare with a fresh load: ids, texts and sender ids. */
  contents(): Record<string, object> {
    return Object.fromEntries(
      [...this.kept].map(([id, { seq, joinedSeq, messages }]) => [
        id,
        { seq, joinedSeq, messages: messages.map((message) => [message.id, message.text, message.sender.id]) },
      ]),
    );
  }

  texts(): Record<string, string[]> {
    return Object.fromEntries([...this.kept].map(([id, { messages }]) => [id, messages.map(({ text }) => text)]));
  }

  private newRequest(limit: number): Input<'sync'> {
    const positions = Object.fromEntries([...this.kept].map(([id, { seq, joinedSeq }]) => [id, { seq, joinedSeq }]));
    return { limit, positions, ...(this.blocksVersion !== undefined && { blocksVersion: this.blocksVersion }) };
  }

  private dropGroups(): void {
    for (const [id, { kind }] of this.kept) if (kind === 'group') this.kept.delete(id);
  }

  /** If joinedSeq is another one, or the client's position is beyond the log, starts again at joinedSeq. */
  private take({ id, kind, joinedSeq, lastSeq }: Schemas['Conversation'], window: Window): void {
    const known = this.kept.get(id);
    const fits = known?.joinedSeq === joinedSeq && known.seq <= lastSeq;
    const kept = fits ? known : { seq: joinedSeq, joinedSeq, kind, messages: [], more: false };
    this.kept.set(id, kept);
    apply(kept, window);
  }
}

/** Accepts only a window that begins at the client's position or before; skips messages that it has already. */
function apply(kept: Kept, { items, afterSeq, toSeq, more }: Window): void {
  if (afterSeq > kept.seq) return;
  kept.messages.push(...items.filter(({ seq }) => seq > kept.seq));
  kept.seq = Math.max(kept.seq, toSeq);
  kept.more = more;
}
