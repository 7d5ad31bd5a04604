import { type Query, query, readNothing } from './query.ts';

/** That a content is gone for good: since when, and why. */
export interface Tombstone {
  /** ISO 8601. */
  readonly purgedAt: string;
  readonly reason: string;
}

/** The tombstone of a content of the entered tenant; null where it was not purged. */
export function selectTombstone(sha256: string): Query<Tombstone | null> {
  return query(
    "select to_json(purged_at) #>> '{}' as purged_at, reason from app.purges where purged_sha256 = $1",
    [sha256],
    ([row]) =>
      row === undefined ? null : { purgedAt: row.purged_at as string, reason: row.reason as string },
  );
}

/** Digests of contents of a tenant whose bytes the object store has still. */
export function blobsToPurge(tenant: string): Query<readonly string[]> {
  return query('select purged_sha256 from app.system_purged_blobs($1)', [tenant], (rows) =>
    rows.map(({ purged_sha256 }) => purged_sha256 as string),
  );
}

export function notePurged(tenant: string, digests: readonly string[]): Query<void> {
  return query('select app.system_note_purged($1, $2)', [tenant, digests], readNothing);
}
