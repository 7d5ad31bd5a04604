import {
  type ClaimedBatch,
  claimAuditSinks,
  settleAuditSink,
  settleDeadLetter,
} from '../../database/audit-sinks.ts';
import type { Database } from '../../database/database.ts';
import { type Reach, sendBatch } from './send-batch.ts';

const ENTRIES_MAX = 100;
/**
 * A batch ends after the entry that brings it to so many bytes: CloudWatch takes 1 MiB, and counts 26 bytes more for
 * each event.
 */
const BYTES_MAX = 900_000;
/** With waits that double up to an hour, a batch is given up after about a day. */
export const ATTEMPTS_MAX = 30;
/** In one sweep, so that a sink that was away catches up, and the sweep ends. */
const ROUNDS_MAX = 20;
/** So long a round waits for what it began: who takes longer is waited for beside the next rounds, which are about the others. */
const ROUND_MS = 1000;
/** Where a batch becomes a file, entries are gathered for so long, unless there are enough for a full one. */
const FILE_SECONDS = 300;

/**
 * Sends every sink what it has not taken yet, at least once and in order: its next batch leaves when this one was taken. A sink that
 * fails waits longer each time; neither it nor one that takes its time keeps anybody else waiting. Returns how many batches were taken.
 *
 * @param only `tenant`: the sinks of that tenant; `until` (Unix ms): none is begun later, and one that was ends within seconds
 */
export async function sendToSinks(
  database: Pick<Database, 'transaction'>,
  reach: Reach,
  {
    tenant = null,
    until = Number.POSITIVE_INFINITY,
  }: { readonly tenant?: string | null; readonly until?: number } = {},
): Promise<number> {
  let taken = 0;
  const begun = new Set<Promise<void>>();
  const begin = (batch: ClaimedBatch): Promise<void> => {
    const sending = sendOne(database, reach, batch).then((isTaken) => {
      if (isTaken) taken += 1;
      begun.delete(sending);
    });
    begun.add(sending);
    return sending;
  };
  for (let round = 0; round < ROUNDS_MAX && Date.now() < until; round++) {
    const [batches] = await database.transaction([claimAuditSinks(ENTRIES_MAX, BYTES_MAX, tenant)] as const);
    if (batches.length > 0) await withinRound(Promise.all(batches.map(begin)));
    else if (begun.size > 0) await Promise.race(begun);
    else break;
  }
  await Promise.all(begun);
  return taken;
}

async function sendOne(
  database: Pick<Database, 'transaction'>,
  reach: Reach,
  batch: ClaimedBatch,
): Promise<boolean> {
  const failure = await sendBatch(batch, reach);
  await database.transaction([settled(batch, failure)] as const);
  return failure === null;
}

async function withinRound(sent: Promise<unknown>): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ROUND_MS);
  await Promise.race([sent, over.promise]).finally(() => clearTimeout(timer));
}

function settled(batch: ClaimedBatch, failure: string | null) {
  if (batch.is_dead_letter) return settleDeadLetter(batch, failure);
  return settleAuditSink(batch, failure, { attemptsMax: ATTEMPTS_MAX, pauseSeconds: pauseAfter(batch) });
}

/** Bucket and blob store get no file for each minute in which something happened, unless there is enough for a whole one. */
function pauseAfter({ kind, from, size, entries }: ClaimedBatch): number {
  const isFile = kind === 's3' || kind === 'blobs';
  return isFile && from + entries.length >= size ? FILE_SECONDS : 0;
}
