import type { BusEnvelope } from './bus-envelope.js';

/** After this many heartbeats of this process without an envelope from a peer, the peer is forgotten: 2.5 to 3 s. */
const SILENT_TICKS = 6;

interface BusPeer {
  /** Number of the last best-effort envelope that the peer is known to have sent. */
  lastSequence: number;
  /** Heartbeats of this process since the peer's last envelope. Not a time: while this process is paused, the others only seem silent. */
  ticks: number;
}

/**
 * The other processes whose envelopes arrive on one link.
 *
 * A process is unknown, or a peer. Any envelope but a transactional one makes it a peer; `peerDown` and silence make it
 * unknown. Between two calls: `lastSequence` is the highest number in any envelope of the peer, and every gap below it
 * was returned by `received` once.
 */
export class BusPeers {
  private readonly peers = new Map<string, BusPeer>();

  get isEmpty(): boolean {
    return this.peers.size === 0;
  }

  /** Whether all of the other link's peers are peers on this link too. */
  includes(others: BusPeers): boolean {
    for (const id of others.peers.keys()) if (!this.peers.has(id)) return false;
    return true;
  }

  /**
   * Notes an envelope of another process.
   * @returns why an earlier envelope may be lost, or undefined
   */
  received({ senderId, kind, sequence }: BusEnvelope): string | undefined {
    // guard: src/events/bus-peers.spec.ts
    if (kind === 'transactional') return undefined;
    // guard: src/events/bus-peers.spec.ts
    const before = kind === 'bestEffort' ? sequence - 1 : sequence;
    const peer = this.peers.get(senderId);
    // guard: src/events/bus-peers.spec.ts
    if (kind === 'peerDown') this.peers.delete(senderId);
    // guard: src/events/bus-peers.spec.ts
    else this.peers.set(senderId, { lastSequence: Math.max(sequence, peer?.lastSequence ?? 0), ticks: 0 });
    // guard: src/events/bus-peers.spec.ts
    if (peer)
      return before > peer.lastSequence ? `missed ${before - peer.lastSequence} or more of ${senderId}` : undefined;
    // A peerUp with number 0 comes before the first best-effort envelope. Of any other unknown peer one may be lost.
    const isFirst = kind === 'peerUp' && sequence === 0;
    // guard: src/events/bus-peers.spec.ts
    return isFirst ? undefined : `first envelope of ${senderId}`;
  }

  /** Called with each heartbeat. @returns the peers that went silent without a peerDown; they are unknown from now on */
  tick(): string[] {
    const silent: string[] = [];
    for (const [id, peer] of this.peers) {
      peer.ticks++;
      if (peer.ticks < SILENT_TICKS) continue;
      // guard: src/events/bus-peers.spec.ts
      this.peers.delete(id);
      silent.push(id);
    }
    return silent;
  }
}
