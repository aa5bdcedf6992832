import type { EventListeners, MessageQueue, LiveEvents, LiveMessage } from './live-events.js';
import type { Marks } from './live-marks.js';
import type { PendingSends } from './live-pending-sends.js';
import type { PositionTracker } from './live-positions.js';
import type { ServerFrame } from './live-schema.js';
import type { Operations } from './operations.js';
import { ParleyError } from './parley-error.js';

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

/** What a frame may read or change. */
export interface FrameHandlerDeps {
  readonly api: Pick<Operations, 'getConversation' | 'listConversationMessages'>;
  readonly positions: PositionTracker;
  readonly marks: Marks;
  readonly pendingSends: PendingSends;
  readonly messageQueue: MessageQueue;
  readonly listeners: EventListeners;
  /** The server could not store a message this time. */
  readonly onUnstored: () => void;
}

/** Messages per window when a gap is read. */
const WINDOW_SIZE = 200;

/** Applies the frames of the server by the rules of the live protocol, and emits the events that follow from them. */
export class FrameHandler {
  /** The id of the user. */
  me: string | undefined;

  constructor(private readonly deps: FrameHandlerDeps) {}

  /** One frame at a time. @throws the error of a request that the frame needed: the frame is then not applied */
  async apply(frame: ServerFrame): Promise<void> {
    const { marks, pendingSends, listeners } = this.deps;
    switch (frame.type) {
      case 'message':
        return this.message(frame);
      case 'conversation':
        return this.conversation(frame);
      case 'blocks':
        return this.blocks(frame);
      case 'ready':
        return this.ready(frame);
      case 'receipt':
        if (frame.userId === this.me) marks.confirmed(frame.conversationId, frame.readSeq);
        return listeners.emit('receipt', eventOf(frame));
      case 'typing':
        return listeners.emit('typing', eventOf(frame));
      case 'problem':
        return listeners.emit('problem', frame.problem);
      case 'reply':
        if (!pendingSends.answered(frame)) this.deps.onUnstored();
    }
  }

  private async message({ afterSeq, message }: Frame<'message'>): Promise<void> {
    const { positions } = this.deps;
    const { conversationId, seq, recipient } = message;
    positions.startAt(conversationId, recipient.kind === 'group' ? 'group' : 'direct', afterSeq);
    if (positions.check(conversationId, afterSeq, seq) === 'gap') await this.readGap(conversationId, afterSeq);
    if (positions.check(conversationId, afterSeq, seq) === 'show') this.show(message);
  }

  /** Reads the messages after the client's position in windows, up to `toSeq`. */
  private async readGap(conversationId: string, toSeq: number): Promise<void> {
    const { api, positions } = this.deps;
    for (let seq = positions.seqOf(conversationId) ?? toSeq; seq < toSeq;) {
      const query = { conversation: conversationId, afterSeq: seq, limit: WINDOW_SIZE };
      const window = await orGone(api.listConversationMessages(query));
      if (!window || window.toSeq <= seq) return; // no longer a member: a frame that says so follows
      for (const message of window.items) {
        if (message.seq <= toSeq && positions.check(conversationId, seq, message.seq) === 'show') this.show(message);
      }
      seq = Math.min(window.toSeq, toSeq);
      positions.advanceTo(conversationId, seq);
    }
  }

  private show(message: LiveMessage): void {
    const { positions, messageQueue, listeners, marks } = this.deps;
    positions.advanceTo(message.conversationId, message.seq);
    if (messageQueue.isConsumed || !listeners.has('message')) messageQueue.put(message);
    listeners.emit('message', message);
    marks.delivered(message);
  }

  private async conversation(frame: Frame<'conversation'>): Promise<void> {
    const { conversationId, change, user } = frame;
    const isOwn = user?.id === this.me;
    if (change === 'deleted') this.drop(conversationId, 'deleted');
    else if (change === 'left' && isOwn) this.drop(conversationId, 'left');
    else if (change === 'joined' && isOwn) await this.joined(frame);
    this.deps.listeners.emit('conversation', eventOf(frame));
  }

  private async joined({ conversationId, conversation }: Frame<'conversation'>): Promise<void> {
    const { api, positions } = this.deps;
    const head = conversation ?? (await orGone(api.getConversation({ conversation: conversationId })));
    if (positions.has(conversationId)) this.drop(conversationId, 'joined');
    if (head) positions.joined(head);
  }

  private drop(conversationId: string, reason: LiveEvents['gone']['reason']): void {
    const { positions, marks, messageQueue, listeners } = this.deps;
    positions.drop(conversationId);
    marks.forget(conversationId);
    messageQueue.forget(conversationId);
    listeners.emit('gone', { conversationId, reason });
  }

  private blocks({ blocksVersion }: Frame<'blocks'>): void {
    const { positions, listeners } = this.deps;
    positions.blocksVersion = blocksVersion;
    listeners.emit('blocks', { blocksVersion });
    for (const id of positions.dropGroups()) this.drop(id, 'blocks');
  }

  private async ready(frame: Frame<'ready'>): Promise<void> {
    const { api, positions, listeners } = this.deps;
    for (const id of positions.withoutJoinedSeq) {
      const head = await orGone(api.getConversation({ conversation: id }));
      if (head) positions.setJoinedSeq(id, head.joinedSeq);
    }
    positions.blocksVersion ??= frame.blocksVersion;
    listeners.emit('ready', eventOf(frame));
  }
}

/** The answer, or undefined if the caller is not in the conversation any more. */
async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ParleyError && error.status === 404) return undefined;
    throw error;
  }
}

/** The frame as an event: without its type. */
function eventOf<T extends ServerFrame>(frame: T): Omit<T, 'type'> {
  const { type: _type, ...event } = frame;
  return event;
}
