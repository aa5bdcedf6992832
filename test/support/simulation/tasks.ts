/** A read that is under way: it sees the database at one moment, and is answered at a later one. */
interface Task {
  /** Looks at the database, or fails. Done once; until then the statement has not begun there. */
  look?: () => void;
  answer: () => void;
  fail: () => void;
}

/** What may fail: a statement whose connection was lost. */
export class ReadFailed extends Error {
  override readonly message = 'the connection was lost';
}

/** Everything that waits in a simulation, so that a history says in which order it goes on. */
export class Tasks {
  private readonly waiting: Task[] = [];

  get count(): number {
    return this.waiting.length;
  }

  /** A statement: what `look` answers is what the database was at some moment of the call. */
  read<T>(look: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      let seen: T;
      this.waiting.push({
        look: () => (seen = look()),
        answer: () => resolve(seen),
        fail: () => reject(new ReadFailed()),
      });
    });
  }

  /** Something that takes its time, and cannot fail. */
  pause(): Promise<void> {
    return new Promise((resolve) => this.waiting.push({ answer: resolve, fail: resolve }));
  }

  /** One of those that wait goes on by one step. */
  advance(which: number): void {
    const task = this.waiting[which % this.waiting.length];
    if (!task) return;
    if (task.look) {
      task.look();
      task.look = undefined;
      return;
    }
    this.waiting.splice(this.waiting.indexOf(task), 1);
    task.answer();
  }

  fail(which: number): void {
    const [task] = this.waiting.length > 0 ? this.waiting.splice(which % this.waiting.length, 1) : [];
    task?.fail();
  }
}
