import type { BlobKey } from '../blobs/blob-store.ts';
import type { Database } from './database.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';

/** Some of the blobs that wait to be sealed, of all tenants; those asked for first come first. */
export function selectBlobsToSeal(blobsMax: number): Query<readonly BlobKey[]> {
  return query('select tenant_id, sha256 from app.system_blobs_to_seal($1)', [blobsMax], (rows) =>
    rows.map((row) => ({ tenant: row.tenant_id as string, sha256: row.sha256 as string })),
  );
}

/** What became of one that waited: `failed` ones go to the end. */
export interface SettledBlob extends BlobKey {
  readonly became: 'sealed' | 'damaged' | 'failed';
}

export function settleBlobs(settled: readonly SettledBlob[]): Query<void> {
  return query('select app.system_settle_blobs($1)', [JSON.stringify(settled)], readNothing);
}

/** Whether a blob may lie in the clear, as it is of before blobs were sealed. */
export async function mayBeClear(database: Database, tenant: string, sha256: string): Promise<boolean> {
  const [answer] = await database.transaction([
    query(
      'select app.system_may_be_clear($1, $2) as may',
      [tenant, sha256],
      (rows) => onlyRow(rows).may === true,
    ),
  ] as const);
  return answer;
}
