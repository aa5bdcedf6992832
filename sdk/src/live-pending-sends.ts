import type { ClientFrame, components } from './live-schema.js';
import { ParleyError } from './parley-error.js';

type Message = components['schemas']['Message'];
type Reply = components['schemas']['ReplyFrame'];
type Send = components['schemas']['SendFrame'];

interface Pending {
  readonly frame: Send;
  readonly resolve: (message: Message) => void;
  readonly reject: (error: Error) => void;
}

/** Statuses after which the same send may succeed later. */
const RETRIABLE = [429, 503];

/**
 * The sends without a reply, in order. Each has a clientMessageId, so it may be sent again over as many connections as it
 * takes, and the server stores it once.
 */
export class PendingSends {
  private readonly pending = new Map<string, Pending>();
  private refs = 0;

  get isEmpty(): boolean {
    return this.pending.size === 0;
  }

  /** Resolves with the message once it is stored. */
  add(
    recipient: string,
    text: string,
    clientMessageId: string,
    sendFrame: (frame: ClientFrame) => void,
  ): Promise<Message> {
    const ref = String(++this.refs);
    const frame: Send = { type: 'send', ref, recipient, text, clientMessageId };
    return new Promise((resolve, reject) => {
      this.pending.set(ref, { frame, resolve, reject });
      sendFrame(frame);
    });
  }

  /** Sends everything again that has no reply: on a new connection, or after the server could not store it. */
  sendAll(sendFrame: (frame: ClientFrame) => void): void {
    for (const { frame } of this.pending.values()) sendFrame(frame);
  }

  /** False if the server could not store the message this time: call `sendAll` again later. */
  answered({ ref, status, message, problem }: Reply): boolean {
    const sent = this.pending.get(ref);
    if (!sent) return true; // sent twice, and answered before
    if (RETRIABLE.includes(status)) return false;
    this.pending.delete(ref);
    if (message) sent.resolve(message);
    else sent.reject(new ParleyError(new Response(null, { status }), problem));
    return true;
  }

  /** Gives up all sends. Whether the server stored them is not known. */
  fail(error: Error): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}
