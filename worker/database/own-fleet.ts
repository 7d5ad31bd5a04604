import type { Labels } from '../../protocol/labels.ts';
import { callFunction } from './call-function.ts';
import type { Placement } from './placement.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

export interface OwnExecutor {
  readonly executor: string;
  readonly name: string;
  readonly pool: string;
  readonly labels: Labels;
  readonly slots: number | null;
  readonly engine: string | null;
  readonly created_at: string;
  readonly last_connected_at: string | null;
  readonly cordoned_at: string | null;
  readonly connected: boolean;
}

/** The pools and executors of the entered tenant, and where its runs go. */
export interface OwnFleet {
  readonly placement: Placement;
  readonly own_hosts_only: boolean;
  readonly pools: readonly { readonly pool: string; readonly name: string; readonly created_at: string }[];
  readonly executors: readonly OwnExecutor[];
}

/** Null for whoever does not administer the tenant. */
export function selectOwnFleet(): Query<OwnFleet | null> {
  return query(
    'select app.system_own_fleet() as fleet',
    [],
    (rows) => onlyRow(rows).fleet as OwnFleet | null,
  );
}

/** Refuses with `already_exists` or `limit_exceeded`. */
export function makeOwnPool(pool: string, name: string, poolsMax: number): Query<SqlAnswer<object>> {
  return callFunction('app.system_make_own_pool($1, $2, $3)', [pool, name, poolsMax]);
}

export function makeOwnJoinToken(
  pool: string,
  sha256: string,
  lifetimeMs: number,
): Query<SqlAnswer<{ readonly expires_at: string }>> {
  return callFunction(`app.system_make_own_join_token($1, $2, $3 * interval '1 ms')`, [
    pool,
    sha256,
    lifetimeMs,
  ]);
}

/** Gives an executor of the tenant no new runs, or lets it have them again. */
export function cordonOwnExecutor(
  executor: string,
  cordoned: boolean,
): Query<SqlAnswer<{ readonly pool: string }>> {
  return callFunction('app.system_cordon_own_executor($1, $2)', [executor, cordoned]);
}

export function revokeOwnExecutor(executor: string): Query<SqlAnswer<{ readonly pool: string }>> {
  return callFunction('app.system_revoke_own_executor($1)', [executor]);
}

/** Says where the runs of the tenant go (`project` null), or of one project; null leaves a part as it is. */
export function placeOwnTenant(
  project: string | null,
  placement: Placement | null,
  ownHostsOnly: boolean | null,
): Query<SqlAnswer<object>> {
  return callFunction('app.system_place_own_tenant($1, $2, $3)', [
    project,
    placement === null ? null : JSON.stringify(placement),
    ownHostsOnly,
  ]);
}
