import { removeProjectMemberRow } from '../../database/project-members.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { refuseChange } from './refuse-change.ts';

/** Takes a person's role on a project; one's own by oneself. Who has none in an open project works on it by the tenant role. */
export async function removeProjectMember(
  platform: Platform,
  principal: Principal,
  asked: { readonly project: string; readonly user: string },
): Promise<void> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    removeProjectMemberRow(asked.project, asked.user),
  ] as const);
  if (!answer.ok) throw refuseChange(answer);
  platform.publish(principal.tenantId, { kind: 'project', project: asked.project });
}
