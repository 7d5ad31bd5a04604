import { selectTombstone } from '../database/purges.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { systemPrincipal } from './system-principal.ts';

/**
 * What to throw where the object store lacks a content that something of the tenant names: that it was purged, when and why;
 * or, where it was not, that this is a fault of the store.
 */
export async function lackOf({ database }: Platform, tenantId: string, sha256: string): Promise<Error> {
  const [tombstone] = await withTenant(database, systemPrincipal(tenantId), [
    selectTombstone(sha256),
  ] as const);
  if (tombstone === null) return new Error(`the blob store lacks ${sha256}, which something names`);
  const { purgedAt, reason } = tombstone;
  return new Refusal('purged', `The content was purged on ${purgedAt.slice(0, 10)}: ${reason}`, {
    hint: 'It is gone for good. What named it stays as a record.',
    details: { sha256, purged_at: purgedAt },
  });
}
