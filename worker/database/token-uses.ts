import type { TokenUse } from '../tokens/token-use.ts';
import { type Query, query, readNothing } from './query.ts';

/** Adds entries to the request log of the entered tenant, and a row for `dropped` others. Only the system may. */
export function recordTokenUses(uses: readonly TokenUse[], dropped: number): Query<void> {
  return query('select app.system_record_token_uses($1, $2)', [JSON.stringify(uses), dropped], readNothing);
}

/** Forgets entries of the request log whose 90 days are over. */
export function sweepTokenUses(): Query<void> {
  return query('select app.system_sweep_token_uses()', [], readNothing);
}
