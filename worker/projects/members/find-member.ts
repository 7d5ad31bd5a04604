import { selectMemberByEmail } from '../../database/project-members.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';

/** The id of the active member of the tenant who has this email; null where nobody has. One database request. */
export async function findMember(
  platform: Platform,
  principal: Principal,
  email: string,
): Promise<string | null> {
  const [user] = await withTenantOfPerson(platform, principal, [selectMemberByEmail(email)] as const);
  return user;
}
