const MAX_KINDS = 10;

/** What went wrong in a run, each kind once with how often. */
export class Faults {
  private readonly kinds = new Map<string, number>();

  add(kind: string, times = 1): void {
    if (times === 0) return;
    if (this.kinds.size < MAX_KINDS || this.kinds.has(kind)) this.kinds.set(kind, (this.kinds.get(kind) ?? 0) + times);
  }

  get list(): string[] {
    return [...this.kinds].map(([kind, times]) => (times === 1 ? kind : `${kind} (${times} times)`));
  }
}
