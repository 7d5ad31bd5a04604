import { EntryRefused } from '../database/database.ts';
import type { Query, ResultsOf } from '../database/query.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Call } from '../http/call.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { Session } from './session.ts';

/** A signed-in person at work in one of their tenants. */
export function personPrincipal(session: Session, tenantId: string, call: Call): Principal {
  return {
    tenantId,
    userId: session.userId,
    credential: { kind: 'session', id: session.sessionId },
    needs: { scopes: [], role: null },
    ...call,
  };
}

/** Runs queries in a tenant of the person; see {@link asPerson}. */
export async function withTenantOfPerson<const Queries extends readonly Query<unknown>[]>(
  platform: Platform,
  principal: Principal,
  queries: Queries,
): Promise<ResultsOf<Queries>> {
  return asPerson(() => withTenant(platform.database, principal, queries));
}

/**
 * Does `work` in a tenant of the person. A tenant that they do not belong to (any more) is refused with `not_found`;
 * `insufficient_role` means that they belong to it, but with too low a role.
 */
export async function asPerson<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof EntryRefused && error.reason === 'insufficient_role')
      throw new Refusal('insufficient_role', 'This is for admins and owners of the team.');
    if (error instanceof EntryRefused) throw new Refusal('not_found', 'You belong to no such team.');
    throw error;
  }
}
