import type { MessageQueue, Listeners, LiveEvents, LiveMessage } from './live-events.js';
import type { Marks } from './live-marks.js';
import type { PendingSends } from './live-pending-sends.js';
import type { Positions } from './live-positions.js';
import type { ServerFrame } from './live-schema.js';
import type { Operations } from './operations.js';
import { ParleyError } from './parley-error.js';

type Frame<T extends ServerFrame['type']> = Extract<ServerFrame, { type: T }>;

/** What applying a frame may have to ask, or to move. */
export interface FrameHandlerDeps {
  readonly api: Pick<Operations, 'getConversation' | 'listConversationMessages'>;
  readonly positions: Positions;
  readonly marks: Marks;
  readonly pendingSends: PendingSends;
  readonly messageQueue: MessageQueue;
  readonly listeners: Listeners;
  /** The server could not store a message this time. */
  readonly onUnstored: () => void;
}

/** Messages of one window that fills a gap. */
const WINDOW = 200;

/** Applies what the server tells, by the rules of the live protocol, and tells it on. */
export class FrameHandler {
  /** The id of the user. */
  me: string | undefined;

  constructor(private readonly following: FrameHandlerDeps) {}

  /** One frame at a time. @throws what a request throws: the frame is then not applied */
  async apply(frame: ServerFrame): Promise<void> {
    const { marks, pendingSends, listeners } = this.following;
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
        return listeners.emit('receipt', without(frame));
      case 'typing':
        return listeners.emit('typing', without(frame));
      case 'problem':
        return listeners.emit('problem', frame.problem);
      case 'reply':
        if (!pendingSends.answered(frame)) this.following.onUnstored();
    }
  }

  private async message({ afterSeq, message }: Frame<'message'>): Promise<void> {
    const { positions } = this.following;
    const { conversationId, seq, recipient } = message;
    positions.meet(conversationId, recipient.kind === 'group' ? 'group' : 'direct', afterSeq);
    if (positions.judge(conversationId, afterSeq, seq) === 'gap') await this.readTo(conversationId, afterSeq);
    if (positions.judge(conversationId, afterSeq, seq) === 'show') this.show(message);
  }

  /** Reads what lies between: windows, from where the client is. */
  private async readTo(conversationId: string, toSeq: number): Promise<void> {
    const { api, positions } = this.following;
    for (let at = positions.seqOf(conversationId) ?? toSeq; at < toSeq;) {
      const query = { conversation: conversationId, afterSeq: at, limit: WINDOW };
      const window = await orGone(api.listConversationMessages(query));
      if (!window || window.toSeq <= at) return; // no longer a member: the frame that says so is on its way
      for (const message of window.items) {
        if (message.seq <= toSeq && positions.judge(conversationId, at, message.seq) === 'show') this.show(message);
      }
      at = Math.min(window.toSeq, toSeq);
      positions.moveTo(conversationId, at);
    }
  }

  private show(message: LiveMessage): void {
    const { positions, messageQueue, listeners, marks } = this.following;
    positions.moveTo(message.conversationId, message.seq);
    if (messageQueue.isConsumed || !listeners.has('message')) messageQueue.put(message);
    listeners.emit('message', message);
    marks.delivered(message);
  }

  private async conversation(frame: Frame<'conversation'>): Promise<void> {
    const { conversationId, change, user } = frame;
    const isMine = user?.id === this.me;
    if (change === 'deleted') this.drop(conversationId, 'deleted');
    else if (change === 'left' && isMine) this.drop(conversationId, 'left');
    else if (change === 'joined' && isMine) await this.joined(frame);
    this.following.listeners.emit('conversation', without(frame));
  }

  private async joined({ conversationId, conversation }: Frame<'conversation'>): Promise<void> {
    const { api, positions } = this.following;
    const head = conversation ?? (await orGone(api.getConversation({ conversation: conversationId })));
    if (positions.has(conversationId)) this.drop(conversationId, 'joined');
    if (head) positions.joined(head);
  }

  private drop(conversationId: string, reason: LiveEvents['gone']['reason']): void {
    const { positions, marks, messageQueue, listeners } = this.following;
    positions.drop(conversationId);
    marks.forget(conversationId);
    messageQueue.forget(conversationId);
    listeners.emit('gone', { conversationId, reason });
  }

  private blocks({ blocksVersion }: Frame<'blocks'>): void {
    const { positions, listeners } = this.following;
    positions.blocksVersion = blocksVersion;
    listeners.emit('blocks', { blocksVersion });
    for (const id of positions.dropGroups()) this.drop(id, 'blocks');
  }

  private async ready(frame: Frame<'ready'>): Promise<void> {
    const { api, positions, listeners } = this.following;
    for (const id of positions.unlearned) {
      const head = await orGone(api.getConversation({ conversation: id }));
      if (head) positions.learn(id, head.joinedSeq);
    }
    positions.blocksVersion ??= frame.blocksVersion;
    listeners.emit('ready', without(frame));
  }
}

/** The answer, or undefined where the caller is not in the conversation any more. */
async function orGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ParleyError && error.status === 404) return undefined;
    throw error;
  }
}

/** A frame without what only the protocol needs. */
function without<T extends ServerFrame>(frame: T): Omit<T, 'type'> {
  const { type: _type, ...event } = frame;
  return event;
}
