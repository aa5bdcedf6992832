import { ParleyError, type Schemas, type ServerFrame } from '../../sdk/src/index.js';
import { conversationNotFound } from '../../src/common/problems.js';
import { LiveClient, type Positions, type Told } from './live-client.js';
import type { Person } from './person.js';

type Message = Schemas['Message'];
type Conversation = Schemas['Conversation'];

/** What is held of one conversation. */
interface Held {
  seq: number;
  readonly joinedSeq: number;
  readonly kind: Conversation['kind'];
  readonly messages: Message[];
}

/**
 * A client that keeps everything and holds sockets, one after the other. It does what asyncapi.json says of positions,
 * and looks at nothing else: what it holds is what its user can read, or a rule is broken. It throws, at the next
 * `settled` at the latest, where a message would be doubled or out of order.
 */
export class LiveLog {
  /** How often the log was read because a frame left a gap. */
  gaps = 0;
  private readonly held = new Map<string, Held>();
  private blocksVersion: number | undefined;
  private socket: LiveClient | undefined;
  /** Frames are applied one after the other, as applying one may need a request. */
  private work: Promise<void> = Promise.resolve();
  private failure: unknown;
  private mustConnectAnew = false;
  /** Sockets whose frames no longer count. */
  private readonly past = new WeakSet<LiveClient>();

  constructor(
    private readonly person: Person,
    /** Another copy of the server than the person's own. */
    private readonly url = person.baseUrl,
  ) {}

  /** Connects with what is held, and begins to apply what comes. What an earlier socket told is applied before. */
  async connect(url = this.url): Promise<LiveClient> {
    await this.work;
    this.mustConnectAnew = false;
    const { headers } = this.person;
    const { blocksVersion } = this;
    const socket = await LiveClient.open(url, { headers });
    socket.onTold = (frame) => this.later(() => this.apply(frame, socket));
    this.socket = socket;
    socket.say({ type: 'resume', positions: this.positions(), ...(blocksVersion !== undefined && { blocksVersion }) });
    return socket;
  }

  /** Cuts the connection; what has come is still applied. */
  async drop(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (!socket) return;
    socket.terminate();
    await socket.closed();
    await this.settled();
  }

  /** Connects where no socket is open, as often as the rules ask for it; resolves when a backlog is through and applied. */
  async level(url = this.url): Promise<void> {
    do {
      if (!this.socket?.isOpen || this.mustConnectAnew) await this.connect(url);
      const { socket } = this;
      const ready = this.ready().catch((error: unknown) => {
        if (socket!.isOpen) throw error; // else it was closed to connect anew
      });
      await Promise.race([ready, socket!.closed()]);
      await this.settled();
    } while (!this.socket?.isOpen || this.mustConnectAnew);
  }

  /** Resolves when all that has come is applied. @throws what was doubled or out of order */
  async settled(): Promise<void> {
    let work: Promise<void> | undefined;
    while (work !== this.work) await (work = this.work);
    if (this.failure) throw this.failure as Error;
  }

  /** Resolves when the socket that is open has told that its backlog is through. */
  private async ready(): Promise<void> {
    if (!this.socket!.told.some(({ type }) => type === 'ready')) await this.socket!.next('ready');
  }

  /** Waits until it holds a message with this text. */
  async holds(text: string): Promise<void> {
    for (;;) {
      await this.settled();
      if ([...this.held.values()].some(({ messages }) => messages.some((message) => message.text === text))) return;
      await this.socket!.next('message');
    }
  }

  /** The texts of one conversation, in its order. */
  texts(conversationId: string): string[] {
    return this.held.get(conversationId)?.messages.map(({ text }) => text) ?? [];
  }

  /** What a fresh load can be compared with, by conversation. */
  contents(): Record<string, object> {
    return Object.fromEntries(
      [...this.held]
        .filter(([, { messages }]) => messages.length > 0)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, { messages }]) => [id, messages.map((message) => [message.id, message.text, message.sender.id])]),
    );
  }

  /** What its user can read, loaded anew: what `contents` has to be once it is level. */
  async fresh(): Promise<Record<string, object>> {
    const ids: string[] = [];
    for await (const { id } of this.person.api.each('listConversations', { limit: 200 })) ids.push(id);
    const found: Record<string, object> = {};
    for (const id of ids.toSorted()) {
      const messages = await this.person.messages({ conversation: id, limit: 200 });
      if (messages.length > 0) found[id] = messages.map((message) => [message.id, message.text, message.sender.id]);
    }
    return found;
  }

  positions(): Positions {
    return Object.fromEntries([...this.held].map(([id, { seq, joinedSeq }]) => [id, { seq, joinedSeq }]));
  }

  private later(work: () => Promise<void>): void {
    this.work = this.work.then(work).catch((error: unknown) => {
      this.failure ??= error;
    });
  }

  private async apply(frame: ServerFrame, socket: LiveClient): Promise<void> {
    if (this.past.has(socket)) return;
    switch (frame.type) {
      case 'message':
        return this.take(frame);
      case 'conversation':
        return this.changed(frame);
      case 'blocks':
        return this.blocked(frame, socket);
      case 'ready':
        this.blocksVersion ??= frame.blocksVersion;
        return this.loadHeads();
    }
  }

  private async take({ afterSeq, message }: Told<'message'>): Promise<void> {
    const { conversationId, seq } = message;
    const held = this.held.get(conversationId) ?? (await this.begin(conversationId));
    if (!held) return; // no longer a member: the frame that says so is on its way
    if (afterSeq > held.seq) await this.readTo(conversationId, held, afterSeq);
    if (afterSeq > held.seq || seq <= held.seq) return;
    this.add(held, [message], seq);
  }

  private async begin(conversationId: string): Promise<Held | undefined> {
    const head = await this.orGone(this.person.api.getConversation({ conversation: conversationId }));
    return head && this.hold(head);
  }

  private hold({ id, joinedSeq, kind }: Conversation): Held {
    const held: Held = { seq: joinedSeq, joinedSeq, kind, messages: [] };
    this.held.set(id, held);
    return held;
  }

  private async changed({ change, conversationId, user, conversation }: Told<'conversation'>): Promise<void> {
    const isMine = user?.id === this.person.id;
    if (change === 'deleted' || (change === 'left' && isMine)) this.held.delete(conversationId);
    if (change !== 'joined' || !isMine) return;
    this.held.delete(conversationId);
    if (conversation) this.hold(conversation);
    else throw new Error('joined without a head');
  }

  /** Whether it belongs to the resume cannot be seen in every case; connecting again is right in both. */
  private async blocked({ blocksVersion }: Told<'blocks'>, socket: LiveClient): Promise<void> {
    this.blocksVersion = blocksVersion;
    for (const [id, { kind }] of this.held) if (kind === 'group') this.held.delete(id);
    this.past.add(socket);
    if (socket === this.socket) this.mustConnectAnew = true;
    socket.terminate();
  }

  /** What is not held begins at its joinedSeq, and is read up to the end that its head tells. */
  private async loadHeads(): Promise<void> {
    for await (const head of this.person.api.each('listConversations', { limit: 200 })) {
      if (this.held.has(head.id)) continue;
      await this.readTo(head.id, this.hold(head), head.lastSeq);
    }
  }

  private async readTo(conversationId: string, held: Held, toSeq: number): Promise<void> {
    if (held.seq < toSeq) this.gaps++;
    while (held.seq < toSeq) {
      const { api } = this.person;
      const query = { conversation: conversationId, afterSeq: held.seq, limit: 200 };
      const window = await this.orGone(api.listConversationMessages(query));
      if (!window || window.toSeq <= held.seq) return;
      const unseen = window.items.filter(({ seq }) => seq > held.seq);
      this.add(held, unseen, window.toSeq);
    }
  }

  private add(held: Held, messages: readonly Message[], toSeq: number): void {
    for (const message of messages) {
      const last = held.messages.at(-1)?.seq ?? held.joinedSeq;
      if (message.seq <= last) throw new Error(`${message.id} comes after ${last}: doubled or out of order`);
      held.messages.push(message);
    }
    held.seq = Math.max(held.seq, toSeq);
  }

  private async orGone<T>(answer: Promise<T>): Promise<T | undefined> {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ParleyError && error.code === conversationNotFound.code) return undefined;
      throw error;
    }
  }
}
