/** A message, the same for every user. */
export interface Sent {
  readonly seq: number;
  readonly senderId: string;
  readonly text: string;
  /** RFC 3339, in UTC with milliseconds. */
  readonly sentAt: string;
}

/** One user's membership and markers in one log. */
export interface Place {
  joinedSeq: number;
  deliveredSeq: number;
  readSeq: number;
}

/** A conversation: its log and its members. */
export interface Log {
  readonly id: string;
  /** The two users of a direct conversation (with oneself, the same twice); absent for a group. */
  readonly ends?: readonly [string, string];
  readonly messages: Sent[];
  readonly members: Map<string, Place>;
}

/** A query of the merged list, with users by id. */
export interface ListQuery {
  readonly sender?: string;
  readonly recipient?: string;
  readonly conversation?: string;
  readonly read?: boolean;
  readonly order?: 'newest' | 'oldest';
}

/** A message as one user sees it. */
export interface Seen {
  readonly id: string;
  readonly read: boolean;
}

/**
 * All data, and each user's view of it, by the plain definitions of the rules. Tests compare the server with this.
 */
export class Truth {
  readonly logs = new Map<string, Log>();
  /** `<blocker> <blocked>` */
  readonly blocks = new Set<string>();

  hasBlocked(blocker: string, blocked: string): boolean {
    return this.blocks.has(`${blocker} ${blocked}`);
  }

  /** The conversations that a user sees: those they are in, direct ones only with a message. */
  logsOf(userId: string): Log[] {
    return [...this.logs.values()].filter((log) => log.members.has(userId) && (!log.ends || log.messages.length > 0));
  }

  isVisible(userId: string, log: Log, message: Sent): boolean {
    const place = log.members.get(userId);
    if (!place || message.seq <= place.joinedSeq) return false;
    return log.ends !== undefined || !this.hasBlocked(userId, message.senderId);
  }

  /** The messages that a user sees of one conversation, oldest first. */
  visible(userId: string, log: Log): Sent[] {
    return log.messages.filter((message) => this.isVisible(userId, log, message));
  }

  /** Received: the user has read it. Sent: every other member from before it has, except those blocked either way; and there is at least one. */
  isRead(userId: string, log: Log, { seq, senderId }: Sent): boolean {
    if (senderId !== userId) return seq <= log.members.get(userId)!.readSeq;
    const counting = this.counting(userId, log, seq);
    return counting.length > 0 && counting.every((place) => place.readSeq >= seq);
  }

  /** Counted among the first 1,000 after what was read. */
  unread(userId: string, log: Log): number {
    const { readSeq } = log.members.get(userId)!;
    return this.visible(userId, log).filter(
      ({ seq, senderId }) => senderId !== userId && seq > readSeq && seq <= readSeq + 1000,
    ).length;
  }

  /** Looked for among the newest 100. */
  lastMessage(userId: string, log: Log): Sent | undefined {
    return this.visible(userId, log)
      .filter(({ seq }) => seq > log.messages.length - 100)
      .at(-1);
  }

  /** The other user of a direct conversation, if the user may see their markers. */
  peer(userId: string, log: Log): Place | undefined {
    const peerId = log.ends?.find((id) => id !== userId);
    return peerId === undefined || this.areApart(userId, peerId) ? undefined : log.members.get(peerId);
  }

  /** The merged list: everything a user sent or received, filtered and in order. */
  list(userId: string, query: ListQuery = {}): Seen[] {
    const { sender, recipient, conversation, read, order = 'newest' } = query;
    const isToOther = recipient !== undefined && recipient !== userId && !this.logs.get(recipient);
    const amongSent = sender === userId || isToOther;
    const found = this.logsOf(userId).flatMap((log) =>
      this.visible(userId, log)
        .filter((message) => sender === undefined || message.senderId === sender)
        .filter((message) => recipient === undefined || recipientOf(log, message) === recipient)
        .filter(() => conversation === undefined || log.id === conversation)
        .filter(
          (message) =>
            read === undefined ||
            ((message.senderId === userId) === amongSent && this.isRead(userId, log, message) === read),
        )
        .map((message) => ({ log, message })),
    );
    found.sort((a, b) => compare(placeOf(a), placeOf(b)) || a.message.seq - b.message.seq);
    if (order === 'newest') found.reverse();
    return found.map(({ log, message }) => ({
      id: `${log.id}.${message.seq}`,
      read: this.isRead(userId, log, message),
    }));
  }

  /** The other members that count for whether a message was read. */
  private counting(userId: string, log: Log, seq: number): Place[] {
    return [...log.members]
      .filter(([otherId, place]) => otherId !== userId && !this.areApart(userId, otherId) && place.joinedSeq < seq)
      .map(([, place]) => place);
  }

  private areApart(a: string, b: string): boolean {
    return this.hasBlocked(a, b) || this.hasBlocked(b, a);
  }
}

/** The recipient of a message: the other user, or the group. */
const recipientOf = (log: Log, { senderId }: Sent): string =>
  log.ends ? (log.ends.find((id) => id !== senderId) ?? senderId) : log.id;

const placeOf = ({ log, message }: { log: Log; message: Sent }): string => `${message.sentAt} ${log.id}`;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
