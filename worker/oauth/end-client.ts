import { endClientRow } from '../database/tenant-clients.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseClientChange } from './refuse-client-change.ts';

/**
 * Ends every agent of a client in the tenant, whoever let it in, from its next request on. It may be let in again.
 * Refuses with `insufficient_role` or `not_found`.
 *
 * @returns how many were connected
 */
export async function endClient(platform: Platform, principal: Principal, clientId: string): Promise<number> {
  const [answer] = await withTenantOfPerson(platform, principal, [endClientRow(clientId)] as const);
  if (!answer.ok) throw refuseClientChange(answer);
  platform.publish(principal.tenantId, { kind: 'access', user: null });
  return answer.ended;
}
