import type { Outcome } from '../../../protocol/outcome.ts';
import type { AtItsEnd } from '../../database/run-attempts.ts';

/** How a run ended: with its recorded outcome, or, for an inspection, without one. */
export type Ended =
  | ({ readonly step: 'ended'; readonly outcome: Outcome } & AtItsEnd)
  | { readonly step: 'refused'; readonly reason: string };

/** Calls that wait for runs of this pool. They live in memory: a waiter whose pool restarts asks again. */
export class Waiters {
  private readonly byRun = new Map<string, Set<(ended: Ended) => void>>();

  /** Resolves when the run ends, or with null after `waitMs`. */
  wait(run: string, waitMs: number): Promise<Ended | null> {
    return new Promise((resolve) => {
      const waiting = this.byRun.get(run) ?? new Set();
      this.byRun.set(run, waiting);
      const timer = setTimeout(() => finish(null), waitMs);
      const finish = (ended: Ended | null) => {
        clearTimeout(timer);
        waiting.delete(finish);
        if (waiting.size === 0) this.byRun.delete(run);
        resolve(ended);
      };
      waiting.add(finish);
    });
  }

  resolve(run: string, ended: Ended): void {
    for (const finish of [...(this.byRun.get(run) ?? [])]) finish(ended);
  }
}
