import type { DeletionStep } from '../../protocol/tenant-call.ts';
import { callFunction } from './call-function.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';
import type { RecordedCall } from './sessions.ts';

/** For an owner in a session who says the tenant's name: refuses with `insufficient_role`, and `invalid_arguments` for another name. */
export function requestDeletion(
  name: string,
  reason: string | null,
  graceMs: number,
): Query<SqlAnswer<{ readonly due_at: string }>> {
  return callFunction("app.system_request_tenant_deletion($1, $2, $3 * interval '1 millisecond')", [
    name,
    reason,
    graceMs,
  ]);
}

/** A tenant that waits for its deletion, as its owners see it. */
export interface WaitingDeletion {
  readonly tenantId: string;
  readonly name: string;
  readonly dueAt: string;
  /** Asked for by the operator, who alone takes it back. */
  readonly byOperator: boolean;
}

/** Of tenants that the person behind a cookie owns. */
export function selectWaitingDeletions(cookieSha256: string): Query<readonly WaitingDeletion[]> {
  return query(
    'select app.system_waiting_deletions($1) as waiting',
    [cookieSha256],
    (rows) => onlyRow(rows).waiting as WaitingDeletion[],
  );
}

/** Refuses with `not_found` or `deletion_began`. */
export function takeBackDeletion(
  cookieSha256: string,
  tenant: string,
  call: RecordedCall,
): Query<SqlAnswer<Record<never, never>>> {
  return callFunction('app.system_take_back_tenant_deletion($1, $2, $3)', [
    cookieSha256,
    tenant,
    JSON.stringify(call),
  ]);
}

/** Tenants whose deletion has work to do, or that may not act and have runs that go on. */
export function tenantsToAttend(tenantsMax: number): Query<readonly string[]> {
  return query('select tenant_id from app.system_tenants_to_attend($1)', [tenantsMax], (rows) =>
    rows.map(({ tenant_id }) => tenant_id as string),
  );
}

/** Unfinished runs of a tenant that may not act. */
export function runsToStop(
  tenant: string,
  runsMax: number,
): Query<readonly { readonly run: string; readonly pool: string }[]> {
  return query('select run_id, pool_id from app.system_runs_to_stop($1, $2)', [tenant, runsMax], (rows) =>
    rows.map(({ run_id, pool_id }) => ({ run: run_id as string, pool: pool_id as string })),
  );
}

/** Begins a deletion that is due, closes its log when its runs have ended, and says how far it is. */
export function beginDeletion(
  tenant: string,
): Query<{ readonly step: DeletionStep | null; readonly pools?: readonly string[] }> {
  return query(
    'select app.system_begin_deletion($1) as begun',
    [tenant],
    (rows) => onlyRow(rows).begun as { step: DeletionStep | null; pools?: string[] },
  );
}

/** Keeps the proof of the tenant's whole log; false while no checkpoint covers it. */
export function noteSealed(tenant: string): Query<boolean> {
  return query('select app.system_note_sealed($1) as noted', [tenant], (rows) =>
    Boolean(onlyRow(rows).noted),
  );
}

/** Deletes about so many rows of a tenant and counts them; true when none is left. */
export function eraseRows(tenant: string, rowsMax: number): Query<boolean> {
  return query('select app.system_erase_rows($1, $2) as done', [tenant, rowsMax], (rows) =>
    Boolean(onlyRow(rows).done),
  );
}

/** Behind which name the objects of a tenant are still to be counted; null: from the first. */
export function countedUntil(tenant: string): Query<string | null> {
  return query(
    'select app.system_counted_until($1) as name',
    [tenant],
    (rows) => onlyRow(rows).name as string | null,
  );
}

/** Counts a page of objects, once; `until` null says that these were the last. */
export function countBlobs(
  tenant: string,
  page: { since: string | null; until: string | null; found: number; bytes: number },
): Query<void> {
  return query(
    'select app.system_count_blobs($1, $2, $3, $4, $5)',
    [tenant, page.since, page.until, page.found, page.bytes],
    readNothing,
  );
}

export function noteBlobsGone(tenant: string): Query<void> {
  return query('select app.system_note_blobs_gone($1)', [tenant], readNothing);
}

/** What a certificate says, as the database has it. */
export interface DeletionFacts {
  readonly tenant: string;
  readonly name: string;
  readonly requested: { readonly at: string; readonly by: string | null; readonly reason: string | null };
  readonly began_at: string;
  readonly finished_at: string;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
  /** Who belonged to no other tenant. */
  readonly people: number;
  readonly executors: number;
  /** Ids of the keys. */
  readonly keys: readonly string[];
  /** Objects of the store, with the bytes that they took there. */
  readonly blobs: { readonly count: number; readonly bytes: number };
  /** The last head of its audit log, and what ties it to a checkpoint. */
  readonly audit: {
    readonly tenant: string;
    readonly size: number;
    readonly root: string;
    readonly head_index: number;
    readonly head_proof: readonly string[];
    readonly checkpoint: string;
    /** How many entries each of its sinks has taken. */
    readonly sinks: readonly { readonly sink: string; readonly kind: string; readonly taken: number }[];
  };
}

/** Null before everything is gone. */
export function deletionFacts(tenant: string): Query<DeletionFacts | null> {
  return query(
    'select app.system_deletion_facts($1) as facts',
    [tenant],
    (rows) => (rows[0]?.facts ?? null) as DeletionFacts | null,
  );
}

/** Keeps the signed certificate; where there is one, that one stays. */
export function certifyDeletion(tenant: string, certificate: string): Query<void> {
  return query('select app.system_certify_deletion($1, $2)', [tenant, certificate], readNothing);
}
