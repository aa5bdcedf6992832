import type { BusEnvelope } from './bus-envelope.js';

/** After so many beats of our own without a word from it, a process is no longer counted: up to 3 s. */
const SILENT_TICKS = 6;

interface BusPeer {
  /** Number of its last batch, as far as it was heard. */
  lastSequence: number;
  /** Beats of our own since its last envelope. Not a time: while this process is held up, the others only seem silent. */
  ticks: number;
}

/** The other processes that are heard on a line, and whether everything they said was. */
export class BusPeers {
  private readonly known = new Map<string, BusPeer>();

  get isEmpty(): boolean {
    return this.known.size === 0;
  }

  /** Whether all of these are heard here too. */
  includes(others: BusPeers): boolean {
    for (const id of others.known.keys()) if (!this.known.has(id)) return false;
    return true;
  }

  /**
   * Takes note of another's envelope.
   * @returns what tells that something of it was missed
   */
  received({ senderId, kind, sequence }: BusEnvelope): string | undefined {
    if (kind === 'transactional') return undefined;
    const before = kind === 'bestEffort' ? sequence - 1 : sequence;
    const peer = this.known.get(senderId);
    if (kind === 'peerDown') this.known.delete(senderId);
    else this.known.set(senderId, { lastSequence: Math.max(sequence, peer?.lastSequence ?? 0), ticks: 0 });
    if (peer)
      return before > peer.lastSequence ? `missed ${before - peer.lastSequence} or more of ${senderId}` : undefined;
    // Who says hello has said nothing before, if no batch has been counted; of any other stranger something was missed.
    const isNew = kind === 'peerUp' && sequence === 0;
    return isNew || kind === 'peerDown' ? undefined : `heard ${senderId} for the first time`;
  }

  /** Called with each beat. @returns those that have fallen silent without a goodbye; they are strangers from then on */
  tick(): string[] {
    const silent: string[] = [];
    for (const [id, peer] of this.known) {
      peer.ticks++;
      if (peer.ticks < SILENT_TICKS) continue;
      this.known.delete(id);
      silent.push(id);
    }
    return silent;
  }
}
