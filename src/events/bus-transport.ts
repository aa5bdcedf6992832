/** Carries envelopes between processes: each reaches every process that is connected, the sender included, or is lost. */
export interface BusTransport {
  /** For logs. */
  readonly name: string;
  /** How long a envelope may be, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** From one sending to the next, at least, in milliseconds; what comes meanwhile goes together. */
  readonly paceMs: number;

  /**
   * Connects, and from then on reconnects by itself until it is closed.
   * @throws where the first connection fails and trying again is not worth it
   */
  open(listener: BusTransportHandlers): Promise<void>;

  /**
   * Sends envelopes, which arrive in this order. Called again only when the last call has settled, which it does when the
   * connection ends, at the latest.
   * @throws where they may be lost; nothing is sent twice
   */
  send(envelopes: readonly string[]): Promise<void>;

  /** Gives up a connection that is open but carries nothing, and connects anew. */
  reconnect(): void;

  close(): Promise<void>;
}

export interface BusTransportHandlers {
  /** Connected: every envelope that is sent from now on is heard. */
  up(): void;
  /** No longer connected: envelopes are lost. */
  down(): void;
  received(envelope: string): void;
}
