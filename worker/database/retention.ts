import type { BlobKey, Keeping } from '../blobs/blob-store.ts';
import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** What is kept for a time: records of runs, what they printed, files that they left, data that is current no more, contents of events. */
export const RETAINED = ['runs', 'logs', 'outputs', 'snapshots', 'audit'] as const;
export type Retained = (typeof RETAINED)[number];

/** For how many days each is kept, null for ever, and whether the tenant said so or it is the platform's default. */
export type Retention = Readonly<
  Record<Retained, { readonly days: number | null; readonly is_own: boolean }>
>;

/** Days, null for ever, or back to the platform's default; what is left out stays as it is. */
export type RetentionWish = { readonly [Kind in Retained]?: number | null | 'default' | undefined };

/** Of the entered tenant. */
export function selectRetention(): Query<Retention> {
  return query(
    'select app.system_retention() as retention',
    [],
    (rows) => onlyRow(rows).retention as Retention,
  );
}

/** Of the entered tenant, for an owner in a session: refuses everybody else with `insufficient_role`. */
export function setRetention(wish: RetentionWish): Query<SqlAnswer<{ readonly retention: Retention }>> {
  return callFunction('app.system_set_retention($1)', [JSON.stringify(wish)]);
}

/** Tenants of which something may be over its time. */
export function tenantsToExpire(tenantsMax: number): Query<readonly string[]> {
  return query('select tenant_id from app.system_tenants_to_expire($1)', [tenantsMax], (rows) =>
    rows.map(({ tenant_id }) => tenant_id as string),
  );
}

/** Removes rows that are over their time, at most so many of a kind, with the event that says so; true when none is left. */
export function expireRows(tenant: string, rowsMax: number): Query<boolean> {
  return query('select app.system_expire_rows($1, $2) as done', [tenant, rowsMax], (rows) =>
    Boolean(onlyRow(rows).done),
  );
}

/**
 * The file after which the day's listing of a tenant's store begins (`until` null: at the first); null where it was
 * listed today.
 */
export function listingDue(tenant: string): Query<{ readonly until: string | null } | null> {
  return query('select listed_until from app.system_listing_due($1)', [tenant], ([row]) =>
    row === undefined ? null : { until: row.listed_until as string | null },
  );
}

/**
 * Asks once for all blobs that were found a day ago whether something names them; what nothing does is to be claimed. `listed` lie in
 * the store: those that nothing names are found now. The next listing begins behind `until`.
 */
export function judgeBlobs(
  tenant: string,
  { listed, until }: { readonly listed: readonly string[]; readonly until: string | null },
): Query<void> {
  return query('select app.system_judge_blobs($1, $2, $3)', [tenant, listed, until], readNothing);
}

/** Blobs that nothing has named for a day; nobody stores their bytes until they are settled, or for an hour. */
export function claimBlobs(tenant: string, blobsMax: number): Query<readonly string[]> {
  return query('select sha256 from app.system_claim_blobs($1, $2)', [tenant, blobsMax], (rows) =>
    rows.map(({ sha256 }) => sha256 as string),
  );
}

export function settleRemoved(
  tenant: string,
  { removed, stayed }: { readonly removed: readonly string[]; readonly stayed: readonly string[] },
): Query<void> {
  return query('select app.system_settle_removed($1, $2, $3)', [tenant, removed, stayed], readNothing);
}

/** Whether a blob in the store stays; to be asked before a row names it. */
export async function keepBlob(database: Database, { tenant, sha256 }: BlobKey): Promise<Keeping> {
  const [keeping] = await database.transaction([
    query(
      'select app.system_keep_blob($1, $2) as keeping',
      [tenant, sha256],
      (rows) => onlyRow(rows).keeping as Keeping,
    ),
  ] as const);
  return keeping;
}
