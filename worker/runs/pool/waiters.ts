import type { Outcome } from '../../../protocol/outcome.ts';
import type { AtItsEnd } from '../../database/run-attempts.ts';

/** How a run ended: with its recorded outcome, or, for an inspection, without one. */
export type Ended =
  | ({ readonly step: 'ended'; readonly outcome: Outcome } & AtItsEnd)
  | { readonly step: 'refused'; readonly reason: string };

/** Calls that wait for a word of runs of this pool. They live in memory: a waiter whose pool restarts asks again. */
export class Waiters<Told> {
  private readonly byRun = new Map<string, Set<(told: Told) => void>>();

  /** Resolves with what is told of the run, or with null after `waitMs`. */
  wait(run: string, waitMs: number): Promise<Told | null> {
    return new Promise((resolve) => {
      const waiting = this.byRun.get(run) ?? new Set();
      this.byRun.set(run, waiting);
      const timer = setTimeout(() => finish(null), waitMs);
      const finish = (told: Told | null) => {
        clearTimeout(timer);
        waiting.delete(finish);
        if (waiting.size === 0) this.byRun.delete(run);
        resolve(told);
      };
      waiting.add(finish);
    });
  }

  resolve(run: string, told: Told): void {
    for (const finish of [...(this.byRun.get(run) ?? [])]) finish(told);
  }
}
