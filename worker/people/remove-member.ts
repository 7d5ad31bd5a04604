import { endMembership } from '../database/members.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { withTenantOfPerson } from './person.ts';
import { refuseMemberChange } from './refuse-member-change.ts';

/**
 * Ends a membership with its tokens, agents and open invitations, from the next request on; one's own too. A later
 * invitation brings none of them back. Refuses with `not_found`, `insufficient_role` or `last_owner`.
 */
export async function removeMember(platform: Platform, principal: Principal, user: string): Promise<void> {
  const [answer] = await withTenantOfPerson(platform, principal, [endMembership(user)] as const);
  if (!answer.ok) throw refuseMemberChange(answer);
  platform.publish(principal.tenantId, { kind: 'access', user });
}
