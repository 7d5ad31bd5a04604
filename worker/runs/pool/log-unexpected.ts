import { DatabaseUnavailable } from '../../database/database.ts';
import { log } from '../../log.ts';

/**
 * Notes what should not have happened where a pool asks the database. A pool never gives a run up for it: whoever calls
 * this asks again later, as when the database does not answer, which is expected and not logged.
 */
export function logUnexpected(error: unknown, about: { readonly run: string }): void {
  if (error instanceof DatabaseUnavailable) return;
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  log('error', 'executor-pool', { run: about.run, message });
}
