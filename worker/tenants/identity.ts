import type { Offer } from '../../protocol/messages.ts';
import type { Database } from '../database/database.ts';
import { currentOffer } from '../database/executors.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Identity, Principal } from './principal.ts';

/** Who is behind a principal now, and what the executors that would run its models offer; one database request. */
export async function identityOf(
  database: Database,
  principal: Principal,
): Promise<{ readonly identity: Identity; readonly offer: Offer | null }> {
  let identity: Identity | undefined;
  const [offer] = await withTenant(
    database,
    {
      ...principal,
      entered(entered) {
        identity = entered;
        principal.entered?.(entered);
      },
    },
    [currentOffer()] as const,
  );
  if (identity === undefined) throw new Error('an entry succeeded without an identity');
  return { identity, offer };
}
