/** Carries envelopes between processes. An envelope reaches every connected process, the sender included, or is lost. */
export interface BusTransport {
  /** For logs. */
  readonly name: string;
  /** Greatest length of an envelope, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** Least time between two calls of `send`, in milliseconds. Events that come in between are sent together. */
  readonly paceMs: number;

  /**
   * Connects, and from then on reconnects by itself until it is closed.
   * @throws if the first connection fails and another attempt would not help
   */
  open(handlers: BusTransportHandlers): Promise<void>;

  /**
   * Sends envelopes, which arrive in this order. The caller waits for one call to settle before the next; a call settles
   * when the connection ends, at the latest.
   * @throws if envelopes may be lost; nothing is sent twice
   */
  send(envelopes: readonly string[]): Promise<void>;

  /** Drops a connection that is open but delivers nothing, and connects again. */
  reconnect(): void;

  close(): Promise<void>;
}

export interface BusTransportHandlers {
  /** Connected: envelopes that are sent from now on arrive. */
  up(): void;
  /** No longer connected: envelopes are lost. */
  down(): void;
  received(envelope: string): void;
}
