import { claimAuditSinks, settleAuditSink } from '../database/audit-sinks.ts';
import type { Database } from '../database/database.ts';
import type { Exits } from '../outbound/guarded-fetch.ts';
import type { SealKey } from '../seal/seal.ts';
import { postBatch, secretOfSink } from './post-batch.ts';

const ENTRIES_MAX = 100;
/** With waits that double up to an hour, a batch is given up after about a day. */
export const ATTEMPTS_MAX = 30;
/** In one sweep, so that a sink that was away catches up, and the sweep ends. */
const ROUNDS_MAX = 20;

/**
 * Sends every sink what it has not taken yet, at least once and in order: its next batch leaves when this one was taken. A sink that
 * fails waits longer each time and keeps nobody else waiting. Returns how many batches were taken.
 */
export async function sendToSinks(
  database: Pick<Database, 'transaction'>,
  exits: Exits,
  key: SealKey,
): Promise<number> {
  let taken = 0;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const [batches] = await database.transaction([claimAuditSinks(ENTRIES_MAX)] as const);
    if (batches.length === 0) return taken;
    const failures = await Promise.all(
      batches.map(async (batch) => {
        const failure = await postBatch(batch, exits, await secretOfSink(key, batch.sink), Date.now());
        await database.transaction([settleAuditSink(batch, failure, ATTEMPTS_MAX)] as const);
        return failure;
      }),
    );
    taken += failures.filter((failure) => failure === null).length;
  }
  return taken;
}
