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

/** The server could not, this time. */
const RETRIABLE = [429, 503];

/**
 * What was sent and not answered yet, in its order. Each has a clientMessageId, so it may be said again over as many
 * connections as it takes, and is stored once.
 */
export class PendingSends {
  private readonly pending = new Map<string, Pending>();
  private refs = 0;

  get isEmpty(): boolean {
    return this.pending.size === 0;
  }

  /** Resolves with the message once it is stored. */
  add(recipient: string, text: string, clientMessageId: string, say: (frame: ClientFrame) => void): Promise<Message> {
    const ref = String(++this.refs);
    const frame: Send = { type: 'send', ref, recipient, text, clientMessageId };
    return new Promise((resolve, reject) => {
      this.pending.set(ref, { frame, resolve, reject });
      say(frame);
    });
  }

  /** Says everything again that has no answer: on a new connection, or after the server could not. */
  sendAll(say: (frame: ClientFrame) => void): void {
    for (const { frame } of this.pending.values()) say(frame);
  }

  /** False where the server could not this time: everything is to be said again in a while. */
  answered({ ref, status, message, problem }: Reply): boolean {
    const sent = this.pending.get(ref);
    if (!sent) return true; // said twice, and answered before
    if (RETRIABLE.includes(status)) return false;
    this.pending.delete(ref);
    if (message) sent.resolve(message);
    else sent.reject(new ParleyError(new Response(null, { status }), problem));
    return true;
  }

  /** Nobody will say them any more. Whether they were stored is not known. */
  fail(error: Error): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}
