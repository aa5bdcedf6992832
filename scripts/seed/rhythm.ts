import { firstAbove } from './random.js';

const HOUR = 3_600_000;

/** How much is written in each hour of a day (UTC): little at night, most at noon and in the evening. */
const HOURS = [2, 1, 1, 1, 1, 2, 5, 9, 12, 13, 13, 14, 16, 14, 12, 12, 13, 15, 17, 19, 20, 17, 11, 5];

/** And in each day of a week, from Sunday on. */
const DAYS = [7, 10, 10, 10, 11, 11, 8];

/** The hours of some weeks by how much is written in them, so that even shares of it are uneven times. All times in ms. */
export class Rhythm {
  private readonly from: number;
  private readonly upTo: Float64Array;

  constructor(
    weeks: number,
    readonly until: number,
  ) {
    this.from = until - weeks * 7 * 24 * HOUR;
    let sum = 0;
    this.upTo = Float64Array.from({ length: weeks * 7 * 24 }, (_, i) => {
      const hour = new Date(this.from + i * HOUR);
      return (sum += HOURS[hour.getUTCHours()]! * DAYS[hour.getUTCDay()]!);
    });
  }

  /** When this share, from 0 up to 1, of everything has been written. */
  at(share: number): number {
    const amount = share * this.upTo.at(-1)!;
    const hour = Math.min(firstAbove(this.upTo, amount), this.upTo.length - 1);
    const before = this.upTo[hour - 1] ?? 0;
    return Math.floor(this.from + HOUR * (hour + (amount - before) / (this.upTo[hour]! - before)));
  }
}
