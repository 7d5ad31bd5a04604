import { type Offer, offerSchema } from '../../protocol/messages.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { RecordedCall } from './sessions.ts';

/** The platform's pool, made by migrations/0030-runs.sql. */
export const DEFAULT_POOL = 'pol_00000000000000000000000000';

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

/** Spends a join token on a new executor; gives its pool, or null where the token is unknown, used or expired. */
export function registerExecutor(joining: {
  readonly tokenSha256: string;
  readonly executor: string;
  readonly name: string;
  readonly publicKey: string;
  readonly call: RecordedCall;
}): Query<string | null> {
  return query(
    'select app.system_register_executor($1, $2, $3, $4, $5) as answer',
    [joining.tokenSha256, joining.executor, joining.name, joining.publicKey, JSON.stringify(joining.call)],
    (rows) => {
      const answer = onlyRow(rows).answer as { ok: true; pool: string } | { ok: false };
      return answer.ok ? answer.pool : null;
    },
  );
}

/** Stores what a connected executor offers; new runs of its pool are pinned to the image of the newest offer. */
export function recordConnection(executor: string, offer: Offer): Query<void> {
  return query('select app.system_executor_connected($1, $2)', [executor, JSON.stringify(offer)], () => {});
}

/** What the platform's executors offer now, or null where none ever joined. */
export function currentOffer(): Query<Offer | null> {
  return query('select app.pool_offer($1) as offer', [DEFAULT_POOL], (rows) => {
    const offer = onlyRow(rows).offer;
    return offer === null ? null : offerSchema.parse(offer);
  });
}
