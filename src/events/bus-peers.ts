import type { Letter } from './bus-envelope.js';

/** After so many beats of our own without a word from it, a process is no longer counted: up to 3 s. */
const SILENT_TICKS = 6;

interface Peer {
  /** Number of its last batch, as far as it was heard. */
  last: number;
  /** Beats of our own since its last letter. Not a time: while this process is held up, the others only seem silent. */
  ticks: number;
}

/** The other processes that are heard on a line, and whether everything they said was. */
export class Peers {
  private readonly known = new Map<string, Peer>();

  get isEmpty(): boolean {
    return this.known.size === 0;
  }

  /** Whether all of these are heard here too. */
  includes(others: Peers): boolean {
    for (const id of others.known.keys()) if (!this.known.has(id)) return false;
    return true;
  }

  /**
   * Takes note of another's letter.
   * @returns what tells that something of it was missed
   */
  heard({ from, kind, n }: Letter): string | undefined {
    if (kind === 'change') return undefined;
    const before = kind === 'batch' ? n - 1 : n;
    const peer = this.known.get(from);
    if (kind === 'goodbye') this.known.delete(from);
    else this.known.set(from, { last: Math.max(n, peer?.last ?? 0), ticks: 0 });
    if (peer) return before > peer.last ? `missed ${before - peer.last} or more of ${from}` : undefined;
    // Who says hello has said nothing before, if no batch has been counted; of any other stranger something was missed.
    const isNew = kind === 'hello' && n === 0;
    return isNew || kind === 'goodbye' ? undefined : `heard ${from} for the first time`;
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
