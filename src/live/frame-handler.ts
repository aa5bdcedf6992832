import type { ActingUser } from '../common/caller.js';
import { parseMessageId, type ConversationId, type UserId } from '../common/ids.js';
import { conversationNotFound, invalid, malformed, messageNotFound } from '../common/problems.js';
import type { Prepared, Sent } from '../messages/sending.service.js';
import { Close } from './close.js';
import { checkFrame, parseFrame, type FrameShape } from './frame.codec.js';
import type { ClientFrame, MarkFrame, ResumeFrame, SendFrame, ServerFrame } from './frames.dto.js';
import type { LiveServices } from './live.services.js';

/** Only `resume` may be larger, up to what the server takes at all. */
const MAX_FRAME_BYTES = 4 * 1024;
const MAX_BAD_FRAMES = 10;
/** Frames of one socket that may be under way; the next are read when one is through. */
const MAX_IN_FLIGHT = 64;
/** One typing notice per conversation in this time, in milliseconds. */
const TYPING_MS = 1_000;

/** The socket that a client speaks through. */
export interface FrameConnection {
  readonly me: ActingUser;
  readonly userId: UserId;
  readonly hasResumed: boolean;
  resume(frame: ResumeFrame): void;
  /** @throws not-signed-in (401), forbidden (403): another user's token */
  renew(token: string): Promise<void>;
  /** Reads no further frames, until told to. */
  pause(isPaused: boolean): void;
  send(frame: ServerFrame): void;
  problem(error: unknown): void;
  close(code: number, reason: string): void;
}

/** Sends of one socket that are under way. */
class Sends {
  count = 0;
  /** Whom the last of them goes to has been found out. */
  lastPrepared: Promise<unknown> = Promise.resolve();
  /** The first to each conversation. */
  readonly first = new Map<ConversationId, Promise<unknown>>();
}

/** What one client says: frames are checked, then done, sends in the order in which they came. */
export class FrameHandler {
  private badFrames = 0;
  private inFlight = 0;
  /** Undefined while none is under way. */
  private sends: Sends | undefined;
  /** When the client was last heard typing, by conversation; undefined until it first is. */
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
      this.connection.send({ type: 'reply', ref: shape.ref, ...this.services.sending.failed(error) });
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

  /** Something that is answered only where it fails. */
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

  /** In the order in which they came: whom each goes to is found out one after the other, then they wait together. */
  private send(frame: SendFrame): void {
    const { ref, recipient, text, clientMessageId } = frame;
    const { sending } = this.services;
    const sends = (this.sends ??= new Sends());
    sends.count++;
    this.started();
    const prepared = sends.lastPrepared.then(() =>
      sending.prepare(this.connection.me, { recipient, text, clientMessageId }),
    );
    sends.lastPrepared = prepared.catch(() => undefined);
    prepared
      .then((ready) => this.store(ready, sends))
      .then(
        ({ message, isRepeated }) =>
          this.connection.send({ type: 'reply', ref, status: isRepeated ? 200 : 201, message }),
        (error: unknown) => this.connection.send({ type: 'reply', ref, ...sending.failed(error) }),
      )
      .finally(() => {
        this.finished();
        if (--sends.count === 0) this.sends = undefined;
      });
  }

  /** Waits for the first of those under way to the same conversation: it may have to open it, and would fall behind. */
  private store(ready: Prepared, sends: Sends): Promise<Sent> {
    const { sending } = this.services;
    const { conversationId } = ready.send;
    const first = sends.first.get(conversationId);
    if (first) return first.then(() => sending.store(ready));
    const stored = sending.store(ready);
    sends.first.set(
      conversationId,
      stored.catch(() => undefined),
    );
    return stored;
  }

  private delivered({ messageId }: MarkFrame): void {
    const place = parseMessageId(messageId);
    const { feeds, deliveredWriter } = this.services;
    const joinedSeq = place && feeds.joinedSeqOf(this.connection.userId, place.conversationId);
    const lastSeq = place && feeds.lastSeqOf(place.conversationId);
    const isVisible =
      joinedSeq !== undefined && lastSeq !== undefined && place!.seq > joinedSeq && place!.seq <= lastSeq;
    if (!isVisible) return this.connection.problem(messageNotFound());
    deliveredWriter.add(this.connection.userId, place!.conversationId, place!.seq);
  }

  private typed(conversationId: ConversationId): void {
    if (!this.services.feeds.isMember(this.connection.userId, conversationId))
      return this.connection.problem(conversationNotFound());
    const now = performance.now();
    const lastTyping = (this.lastTyping ??= new Map());
    if (now - (lastTyping.get(conversationId) ?? -Infinity) < TYPING_MS) return;
    if (lastTyping.size > 100) lastTyping.clear();
    lastTyping.set(conversationId, now);
    this.services.bus.publish([{ name: 'typing.started', data: { conversationId, userId: this.connection.userId } }]);
  }
}
