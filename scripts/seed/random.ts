import { v4, v7 } from 'uuid';

/** Numbers that depend on the seed alone: sfc32 of PractRand (https://pracrand.sourceforge.net), which is fast and passes its tests. */
export class Random {
  private readonly state = new Uint32Array(4);

  constructor(seed: number) {
    this.state.set([seed, seed / 2 ** 32, 0x9e3779b9, 1]);
    for (let i = 0; i < 16; i++) this.word();
  }

  /** From 0 up to, not including, 1. */
  share(): number {
    return this.word() / 2 ** 32;
  }

  /** A whole number from 0 up to, not including, `count`. */
  below(count: number): number {
    return Math.floor(this.share() * count);
  }

  chance(probability: number): boolean {
    return this.share() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)]!;
  }

  /** At least 0, `mean` on average, now and then several times as much. */
  exponential(mean: number): number {
    return -mean * Math.log(1 - this.share());
  }

  /** 1 in the middle, with a long tail upwards: the larger `spread`, the longer. */
  logNormal(spread: number): number {
    const normal = Math.sqrt(-2 * Math.log(1 - this.share())) * Math.cos(2 * Math.PI * this.share());
    return Math.exp(spread * normal);
  }

  uuid(): string {
    return v4({ random: this.bytes() });
  }

  /** An id as the server makes them, made at this time in ms. */
  idMadeAt(msecs: number): string {
    return v7({ msecs, seq: this.word() >>> 1, random: this.bytes() });
  }

  private bytes(): Uint8Array {
    return new Uint8Array(Uint32Array.from({ length: 4 }, () => this.word()).buffer);
  }

  private word(): number {
    const s = this.state;
    const word = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3]!++;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + word;
    return word;
  }
}

/** Draws places of a list by their weights. */
export class WeightedPicker {
  private readonly upTo: Float64Array;

  constructor(weights: readonly number[]) {
    let sum = 0;
    this.upTo = Float64Array.from(weights, (weight) => (sum += weight));
  }

  pick(random: Random): number {
    return firstAbove(this.upTo, random.share() * this.upTo.at(-1)!);
  }
}

/** The first place of a rising list that holds more than `value`; the list's length where none does. */
export function firstAbove(rising: ArrayLike<number>, value: number): number {
  let low = 0;
  let high = rising.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rising[middle]! > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
