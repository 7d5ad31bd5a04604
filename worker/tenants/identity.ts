import type { Offer } from '../../protocol/messages.ts';
import type { Database } from '../database/database.ts';
import { currentOffer } from '../database/placement.ts';
import { withTenantAs } from '../database/with-tenant.ts';
import type { Identity, Principal } from './principal.ts';

/** Who is behind a principal now, and what the executors that would run its models offer; one database request. */
export async function identityOf(
  database: Database,
  principal: Principal,
): Promise<{ readonly identity: Identity; readonly offer: Offer | null }> {
  const { identity, results } = await withTenantAs(database, principal, [currentOffer()] as const);
  return { identity, offer: results[0] };
}
