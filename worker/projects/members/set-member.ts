import { setProjectMemberRow } from '../../database/project-members.ts';
import type { ProjectRole } from '../../database/projects.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { refuseChange } from './refuse-change.ts';

/** Gives a member of the tenant a role on a project, or another one. False where they had it already. */
export async function setProjectMember(
  platform: Platform,
  principal: Principal,
  asked: { readonly project: string; readonly user: string; readonly role: ProjectRole },
): Promise<boolean> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    setProjectMemberRow(asked.project, asked.user, asked.role),
  ] as const);
  if (!answer.ok) throw refuseChange(answer);
  platform.publish(principal.tenantId, { kind: 'project', project: asked.project });
  return answer.changed;
}
