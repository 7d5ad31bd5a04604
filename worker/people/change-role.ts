import { setMemberRole } from '../database/members.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import type { TenantRole } from '../tenants/roles.ts';
import { withTenantOfPerson } from './person.ts';
import { refuseMemberChange } from './refuse-member-change.ts';

/**
 * Gives a member another role, from their next request on. Refuses with `not_found`, `insufficient_role` (admins neither
 * touch nor make owners, and nobody raises themselves) or `last_owner`.
 *
 * @returns the role before
 */
export async function changeRole(
  platform: Platform,
  principal: Principal,
  wish: { readonly user: string; readonly role: TenantRole },
): Promise<TenantRole> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    setMemberRole(wish.user, wish.role),
  ] as const);
  if (!answer.ok) throw refuseMemberChange(answer);
  platform.publish(principal.tenantId, { kind: 'access', user: wish.user });
  return answer.role;
}
