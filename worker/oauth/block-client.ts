import { blockClientRow } from '../database/tenant-clients.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { refuseClientChange } from './refuse-client-change.ts';

/**
 * Blocks a client in the tenant: its agents end, from their next request on, and nobody lets it in until the block is
 * taken away, which brings none of them back. Refuses with `insufficient_role` or `not_found`.
 */
export async function blockClient(
  platform: Platform,
  principal: Principal,
  wish: { readonly clientId: string; readonly blocked: boolean },
): Promise<{ readonly changed: boolean; readonly ended: number }> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    blockClientRow(wish.clientId, wish.blocked),
  ] as const);
  if (!answer.ok) throw refuseClientChange(answer);
  platform.publish(principal.tenantId, { kind: 'access', user: null });
  return { changed: answer.changed, ended: answer.ended };
}
