/** Carries letters between processes: each reaches every process that is connected, the sender included, or is lost. */
export interface Transport {
  /** For logs. */
  readonly name: string;
  /** How long a letter may be, in bytes of UTF-8. */
  readonly maxBytes: number;
  /** From one sending to the next, at least, in milliseconds; what comes meanwhile goes together. */
  readonly paceMs: number;

  /**
   * Connects, and from then on reconnects by itself until it is closed.
   * @throws where the first connection fails and trying again is not worth it
   */
  open(listener: TransportListener): Promise<void>;

  /**
   * Sends letters, which arrive in this order. Called again only when the last call has settled, which it does when the
   * connection ends, at the latest.
   * @throws where they may be lost; nothing is sent twice
   */
  send(letters: readonly string[]): Promise<void>;

  /** Gives up a connection that is open but carries nothing, and connects anew. */
  reconnect(): void;

  close(): Promise<void>;
}

export interface TransportListener {
  /** Connected: every letter that is sent from now on is heard. */
  up(): void;
  /** No longer connected: letters are lost. */
  down(): void;
  heard(letter: string): void;
}
