/** Ids that were announced not long ago. Each is kept for `keepMs` at least. */
export class RecentIds {
  private readonly seenAt = new Map<string, number>(); // in the order of their times

  constructor(
    private readonly keepMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(id: string): void {
    const now = this.now();
    this.seenAt.delete(id);
    this.seenAt.set(id, now);
    for (const [old, at] of this.seenAt) {
      if (now - at <= this.keepMs) break;
      this.seenAt.delete(old);
    }
  }

  has(id: string): boolean {
    return this.seenAt.has(id);
  }
}
