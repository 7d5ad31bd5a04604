/** Callers that wait, each for something with a name. */
export class Waiters {
  private readonly waiting = new Map<string, Set<() => void>>();

  /** Resolves once {@link tell} names it, or after `waitMs`. */
  wait(name: string, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        const others = this.waiting.get(name);
        others?.delete(done);
        if (others?.size === 0) this.waiting.delete(name);
        resolve();
      };
      const timer = setTimeout(done, waitMs);
      this.waiting.set(name, (this.waiting.get(name) ?? new Set()).add(done));
    });
  }

  tell(name: string): void {
    for (const done of [...(this.waiting.get(name) ?? [])]) done();
  }
}
