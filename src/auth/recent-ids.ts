/** The ids that were added within the last `keepMs`, at least. An older one may still be there. */
export class RecentIds {
  private readonly seenAt = new Map<string, number>(); // oldest first

  constructor(
    private readonly keepMs: number,
    private readonly now: () => number = () => performance.now(),
  ) {}

  add(id: string): void {
    const now = this.now();
    // guard: src/auth/recent-ids.spec.ts
    this.seenAt.delete(id);
    this.seenAt.set(id, now);
    for (const [old, at] of this.seenAt) {
      // guard: src/auth/recent-ids.spec.ts
      if (now - at <= this.keepMs) break;
      this.seenAt.delete(old);
    }
  }

  has(id: string): boolean {
    return this.seenAt.has(id);
  }
}
