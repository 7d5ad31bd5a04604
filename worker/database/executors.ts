import type { ImageRefusalCode } from '../../protocol/image-refusal.ts';
import type { Offer } from '../../protocol/messages.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { RecordedCall } from './sessions.ts';

export interface StoredExecutor {
  readonly pool: string;
  /** Raw Ed25519, base64url. */
  readonly publicKey: string;
  readonly alive: boolean;
}

/** What an executor's signature is checked against; null where there is no such executor. */
export function findExecutor(executor: string): Query<StoredExecutor | null> {
  return query('select pool_id, public_key, alive from app.find_executor($1)', [executor], ([row]) =>
    row === undefined
      ? null
      : { pool: row.pool_id as string, publicKey: row.public_key as string, alive: row.alive as boolean },
  );
}

/**
 * Spends a join token on a new executor; gives it with its pool, or null where the token is unknown, used or expired. A
 * token that was spent on this very key gives what it gave: the answer of the first time was lost.
 */
export function registerExecutor(joining: {
  readonly tokenSha256: string;
  readonly executor: string;
  readonly name: string;
  readonly publicKey: string;
  readonly call: RecordedCall;
}): Query<{ readonly executor: string; readonly pool: string } | null> {
  return query(
    'select app.system_register_executor($1, $2, $3, $4, $5) as answer',
    [joining.tokenSha256, joining.executor, joining.name, joining.publicKey, JSON.stringify(joining.call)],
    (rows) => {
      const answer = onlyRow(rows).answer as { ok: true; executor: string; pool: string } | { ok: false };
      return answer.ok ? { executor: answer.executor, pool: answer.pool } : null;
    },
  );
}

/** Gives an executor another key where it still has the old one and is not revoked; its pool, or null. */
export function rotateExecutorKey(change: {
  readonly executor: string;
  readonly oldKey: string;
  readonly newKey: string;
  readonly call: RecordedCall;
}): Query<string | null> {
  return query(
    'select app.system_rotate_executor_key($1, $2, $3, $4) as answer',
    [change.executor, change.oldKey, change.newKey, JSON.stringify(change.call)],
    (rows) => {
      const answer = onlyRow(rows).answer as { ok: true; pool: string } | { ok: false };
      return answer.ok ? answer.pool : null;
    },
  );
}

/** Records that an executor refuses the image of its host; false where there is no such executor, or it was revoked. */
export function noteRefusedImage(refusal: {
  readonly executor: string;
  readonly code: ImageRefusalCode;
  readonly image: string;
  readonly call: RecordedCall;
}): Query<boolean> {
  const { executor, code, image, call } = refusal;
  return query(
    'select app.system_note_refused_image($1, $2, $3, $4) as noted',
    [executor, code, image, JSON.stringify(call)],
    (rows) => onlyRow(rows).noted === true,
  );
}

/** Whether an executor that said hello is let on. */
export type Connected =
  | { readonly ok: true; readonly cordoned: boolean }
  | { readonly ok: false; readonly reason: 'revoked' | 'labels' };

/** Stores what a connected executor offers; new runs are pinned to the image of such an offer. */
export function recordConnection(executor: string, offer: Offer): Query<Connected> {
  return query(
    'select app.system_executor_connected($1, $2) as answer',
    [executor, JSON.stringify(offer)],
    (rows) => onlyRow(rows).answer as Connected,
  );
}

/** Notes that the executor's pool does not hear from it any more, so that runs are placed elsewhere. */
export function recordGone(executor: string): Query<void> {
  return query('select app.system_executor_gone($1)', [executor], () => {});
}

/** What a pool cannot know by itself. */
export interface PoolFacts {
  /** Of those that it hears: who was revoked, and who gets no new runs. */
  readonly revoked: readonly string[];
  readonly cordoned: readonly string[];
  /** Unfinished runs of it, older than a lease and its grace, oldest first. */
  readonly unfinished: readonly { readonly tenant: string; readonly run: string }[];
}

/** Tells the database which executors a pool hears, and asks it for {@link PoolFacts}. */
export function sweepPool(asked: {
  readonly pool: string;
  readonly heard: readonly string[];
  readonly olderThanMs: number;
  readonly runsMax: number;
}): Query<PoolFacts> {
  return query(
    `select app.system_sweep_pool($1, $2, $3 * interval '1 ms', $4) as answer`,
    [asked.pool, asked.heard, asked.olderThanMs, asked.runsMax],
    (rows) => onlyRow(rows).answer as PoolFacts,
  );
}

/** Pools with an executor connected, one just revoked, or a run that has been unfinished for `olderThanMs`. */
export function poolsToSweep(olderThanMs: number): Query<readonly string[]> {
  return query(`select pool_id from app.system_pools_to_sweep($1 * interval '1 ms')`, [olderThanMs], (rows) =>
    rows.map((row) => row.pool_id as string),
  );
}
