import type { Input, Parley, Schemas } from '../../sdk/src/index.js';
import { LiveClient, type ConnectOptions } from './live-client.js';
import { raw, type RawAnswer, type RawOptions } from './raw.js';

/** A user by id, or by any address. */
export type Addressable = string | { readonly id: string };

const addressOf = (who: Addressable): string => (typeof who === 'string' ? who : who.id);

interface Identity {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  /** The headers that a request of theirs carries. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A user who is signed in or for whom an application acts. */
export class Person implements Identity {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    identity: Identity,
    /** The SDK, calling as this person. */
    readonly api: Parley,
    /** The server's. */
    readonly baseUrl: string,
  ) {
    this.id = identity.id;
    this.username = identity.username;
    this.displayName = identity.displayName;
    this.headers = identity.headers;
  }

  get address(): string {
    return `@${this.username}`;
  }

  /** A request as this person that the SDK would not make. */
  raw(method: string, path: string, options: RawOptions = {}): Promise<RawAnswer> {
    return raw(this.baseUrl + path, method, { ...options, headers: { ...this.headers, ...options.headers } });
  }

  /** A socket with a resume, by default from the first undelivered message. It closes with the test. */
  connect(options: ConnectOptions = {}): Promise<LiveClient> {
    const headers = options.token === undefined ? this.headers : {};
    return LiveClient.connect(this.baseUrl, { headers, ...options });
  }

  sendTo(to: Addressable, text: string, clientMessageId?: string): Promise<Schemas['Message']> {
    const id = clientMessageId === undefined ? {} : { clientMessageId };
    return this.api.sendMessage({ recipient: addressOf(to), text, ...id });
  }

  /** The messages they can list, oldest first, across all pages. */
  async messages(query: Input<'listMessages'> = {}): Promise<Schemas['Message'][]> {
    const found: Schemas['Message'][] = [];
    for await (const message of this.api.each('listMessages', { order: 'oldest', ...query })) found.push(message);
    return found;
  }

  async texts(query: Input<'listMessages'> = {}): Promise<string[]> {
    return (await this.messages(query)).map(({ text }) => text);
  }

  /** The messages they have received and not read. */
  unread(): Promise<string[]> {
    return this.texts({ read: false });
  }

  read(message: Addressable): Promise<void> {
    return this.api.markRead({ id: addressOf(message) });
  }

  delivered(message: Addressable): Promise<void> {
    return this.api.markDelivered({ id: addressOf(message) });
  }

  block(who: Addressable): Promise<Schemas['Block']> {
    return this.api.addBlock({ user: addressOf(who) });
  }

  unblock(who: Addressable): Promise<void> {
    return this.api.removeBlock({ address: addressOf(who) });
  }

  /** Creates a group with these members. */
  createGroup(name: string, ...members: Addressable[]): Promise<Schemas['Group']> {
    return this.api.createGroup({ name, members: members.map(addressOf) });
  }

  add(group: Addressable, who: Addressable, role?: Schemas['Member']['role']): Promise<Schemas['Member']> {
    return this.api.putMember({ id: addressOf(group), address: addressOf(who), ...(role && { role }) });
  }

  remove(group: Addressable, who: Addressable): Promise<void> {
    return this.api.removeMember({ id: addressOf(group), address: addressOf(who) });
  }

  leave(group: Addressable): Promise<void> {
    return this.remove(group, this);
  }

  /** Their view of a group, or of the direct conversation with a user. */
  conversation(other: Addressable): Promise<Schemas['Conversation']> {
    return this.api.getConversation({ conversation: addressOf(other) });
  }
}
