import { ParleyError, type Schemas, type ServerFrame } from '../../sdk/src/index.js';
import { conversationNotFound } from '../../src/common/problems.js';
import { LiveClient, type Positions, type Told } from './live-client.js';
import type { Person } from './person.js';

type Message = Schemas['Message'];
type Conversation = Schemas['Conversation'];

/** The client's copy of one conversation. */
interface Held {
  seq: number;
  readonly joinedSeq: number;
  readonly kind: Conversation['kind'];
  readonly messages: Message[];
}

/**
 * A client that keeps everything and opens sockets, one after the other. It follows asyncapi.json's rules for positions and
 * nothing else: if it does not hold exactly the messages that its user can read, a rule is broken. If a message is doubled or
 * out of order, it throws, at the next `settled` at the latest.
 */
export class LiveLog {
  /** How often the log was read because a frame left a gap. */
  gaps = 0;
  private readonly held = new Map<string, Held>();
  private blocksVersion: number | undefined;
  private socket: LiveClient | undefined;
  /** Applies frames one after the other, because one may need a request. */
  private work: Promise<void> = Promise.resolve();
  private failure: unknown;
  private mustConnectAnew = false;
  /** Sockets whose frames are ignored. */
  private readonly past = new WeakSet<LiveClient>();

  constructor(
    private readonly person: Person,
    /** Another server on the database than the person's own. */
    private readonly url = person.baseUrl,
  ) {}

  /** Connects with the client's positions, and starts to apply frames. Those of an earlier socket are applied before. */
  async connect(url = this.url): Promise<LiveClient> {
    await this.work;
    this.mustConnectAnew = false;
    const { headers } = this.person;
    const { blocksVersion } = this;
    const socket = await LiveClient.open(url, { headers });
    socket.onTold = (frame) => this.later(() => this.apply(frame, socket));
    this.socket = socket;
    socket.sendFrame({
      type: 'resume',
      positions: this.positions(),
      ...(blocksVersion !== undefined && { blocksVersion }),
    });
    return socket;
  }

  /** Cuts the connection; frames that have arrived are still applied. */
  async drop(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    if (!socket) return;
    socket.terminate();
    await socket.closed();
    await this.settled();
  }

  /** Connects if no socket is open, as often as the rules ask for it; resolves when a backlog has arrived and is applied. */
  async catchUp(url = this.url): Promise<void> {
    do {
      if (!this.socket?.isOpen || this.mustConnectAnew) await this.connect(url);
      const { socket } = this;
      const ready = this.ready().catch((error: unknown) => {
        if (socket!.isOpen) throw error; // else it was closed to connect again
      });
      await Promise.race([ready, socket!.closed()]);
      await this.settled();
    } while (!this.socket?.isOpen || this.mustConnectAnew);
  }

  /** Resolves when all frames that have arrived are applied. @throws if a message was doubled or out of order */
  async settled(): Promise<void> {
    let work: Promise<void> | undefined;
    while (work !== this.work) await (work = this.work);
    if (this.failure) throw this.failure as Error;
  }

  /** Resolves when the open socket has received its backlog. */
  private async ready(): Promise<void> {
    if (!this.socket!.received.some(({ type }) => type === 'ready')) await this.socket!.next('ready');
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

  /** The messages to compare with a fresh load, by conversation. */
  contents(): Record<string, object> {
    return Object.fromEntries(
      [...this.held]
        .filter(([, { messages }]) => messages.length > 0)
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([id, { messages }]) => [id, messages.map((message) => [message.id, message.text, message.sender.id])]),
    );
  }

  /** The messages that its user can read, loaded again: `contents` must equal it when the client is caught up. */
  async freshLoad(): Promise<Record<string, object>> {
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
    if (!held) return; // no longer a member: the frame for it is on its way
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

  /** The client cannot always see whether it belongs to the resume; connecting again is right in both cases. */
  private async blocked({ blocksVersion }: Told<'blocks'>, socket: LiveClient): Promise<void> {
    this.blocksVersion = blocksVersion;
    for (const [id, { kind }] of this.held) if (kind === 'group') this.held.delete(id);
    this.past.add(socket);
    if (socket === this.socket) this.mustConnectAnew = true;
    socket.terminate();
  }

  /** Starts a new conversation at its joinedSeq, and reads it up to its head. */
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
