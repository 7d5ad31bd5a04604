import { restrictProjectRow } from '../../database/project-members.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { refuseChange } from './refuse-change.ts';

/** Makes a project its members' alone, or opens it to the tenant again. False where it was so already. */
export async function restrictProject(
  platform: Platform,
  principal: Principal,
  asked: { readonly project: string; readonly restricted: boolean },
): Promise<boolean> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    restrictProjectRow(asked.project, asked.restricted),
  ] as const);
  if (!answer.ok) throw refuseChange(answer);
  platform.publish(principal.tenantId, { kind: 'project', project: asked.project });
  return answer.changed;
}
