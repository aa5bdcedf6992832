import type { ActingUser } from '../common/caller.js';
import { parseMessageId, type ConversationId, type UserId } from '../common/ids.js';
import { conversationNotFound, invalid, malformed, messageNotFound } from '../common/problems.js';
import type { OrderedSends } from '../messages/ordered-sends.js';
import { Close } from './close.js';
import { checkFrame, parseFrame, type FrameShape } from './frame.codec.js';
import type { ClientFrame, MarkFrame, ResumeFrame, SendFrame, ServerFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';

/** Only `resume` may be larger, up to what the server takes at all. */
const MAX_FRAME_BYTES = 4 * 1024;
const MAX_BAD_FRAMES = 10;
/** Frames of one socket that may be in flight; the next are read when one of them is done. */
const MAX_IN_FLIGHT = 64;
/** One typing notice per conversation in this time, in milliseconds. */
const TYPING_MS = 1_000;
/** Conversations whose last typing notice is remembered. */
const MAX_TYPING_TIMES = 100;

/** The socket whose frames are handled. */
export interface FrameConnection {
  readonly me: ActingUser;
  readonly userId: UserId;
  readonly hasResumed: boolean;
  resume(frame: ResumeFrame): void;
  /** @throws not-signed-in (401), forbidden (403): another user's token */
  renew(token: string): Promise<void>;
  /** Stops reading frames, or goes on. */
  pause(isPaused: boolean): void;
  send(frame: ServerFrame): void;
  problem(error: unknown): void;
  close(code: number, reason: string): void;
}

/** Handles the frames of one client: checks each, then does what it says; sends in the order in which they came. */
export class FrameHandler {
  private badFrames = 0;
  private inFlight = 0;
  /** Undefined while no send is in flight. */
  private sends: OrderedSends | undefined;
  /** When the last typing notice was published, by conversation; undefined until there is one. */
  private lastTyping: Map<ConversationId, number> | undefined;

  constructor(
    private readonly services: LiveServices,
    private readonly connection: FrameConnection,
  ) {}

  received(data: Buffer, isBinary: boolean): void {
    const isTooBig = data.length > MAX_FRAME_BYTES;
    if (isTooBig && this.connection.hasResumed) return this.connection.close(Close.tooBig, 'the frame is too large');
    let shape: FrameShape | undefined;
    try {
      if (isBinary) throw malformed('Frames are text.');
      shape = parseFrame(data);
      if (isTooBig && shape.type !== 'resume') return this.connection.close(Close.tooBig, 'the frame is too large');
      this.handle(checkFrame(shape));
      this.badFrames = 0;
    } catch (error) {
      this.rejected(error, shape);
    }
  }

  private rejected(error: unknown, shape: FrameShape | undefined): void {
    if (shape?.type === 'send' && typeof shape.ref === 'string' && shape.ref.length <= 64) {
      this.connection.send({ type: 'reply', ref: shape.ref, ...this.services.messages.failed(error) });
      return;
    }
    this.connection.problem(error);
    if (++this.badFrames >= MAX_BAD_FRAMES) this.connection.close(Close.policy, 'too many bad frames');
  }

  private handle(frame: ClientFrame): void {
    if (frame.type === 'ping') return this.connection.send({ type: 'pong' });
    if (frame.type === 'auth') return this.run(this.connection.renew(frame.token));
    if (frame.type === 'resume') return this.connection.resume(frame);
    if (!this.connection.hasResumed) throw invalid('A socket begins with resume.');
    switch (frame.type) {
      case 'send':
        return this.send(frame);
      case 'read':
        return this.run(this.services.messages.markRead(this.connection.me, frame.messageId));
      case 'delivered':
        return this.delivered(frame);
      case 'typing':
        return this.typed(frame.conversationId);
    }
  }

  /** Work that is answered only if it fails. */
  private run(work: Promise<unknown>): void {
    this.started();
    work.catch((error: unknown) => this.connection.problem(error)).finally(() => this.finished());
  }

  private started(): void {
    if (++this.inFlight === MAX_IN_FLIGHT) this.connection.pause(true);
  }

  private finished(): void {
    if (--this.inFlight === MAX_IN_FLIGHT - 1) this.connection.pause(false);
  }

  /** Stores sends in the order in which they came. */
  private send({ ref, recipient, text, clientMessageId }: SendFrame): void {
    const { messages } = this.services;
    const sends = (this.sends ??= messages.orderedSends());
    this.started();
    void sends
      .send(this.connection.me, { recipient, text, clientMessageId })
      .then(
        ({ message, isRepeated }) => ({ status: isRepeated ? 200 : 201, message }),
        (error: unknown) => messages.failed(error),
      )
      .then((outcome) => this.connection.send({ type: 'reply', ref, ...outcome }))
      .finally(() => {
        this.finished();
        if (sends.isIdle) this.sends = undefined;
      });
  }

  private delivered({ messageId }: MarkFrame): void {
    const { userId } = this.connection;
    const { feeds, messages } = this.services;
    const ref = parseMessageId(messageId);
    if (!ref || !feeds.hasReached(userId, ref)) return this.connection.problem(messageNotFound());
    messages.markDeliveredSoon(userId, ref);
  }

  private typed(conversationId: ConversationId): void {
    const { userId } = this.connection;
    if (!this.services.feeds.isMember(userId, conversationId)) return this.connection.problem(conversationNotFound());
    const now = performance.now();
    const lastTyping = (this.lastTyping ??= new Map());
    if (now - (lastTyping.get(conversationId) ?? -Infinity) < TYPING_MS) return;
    if (lastTyping.size > MAX_TYPING_TIMES) lastTyping.clear();
    lastTyping.set(conversationId, now);
    this.services.feeds.publishTyping(userId, conversationId);
  }
}
