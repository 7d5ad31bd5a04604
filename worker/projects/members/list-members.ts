import {
  type ProjectMember,
  type ProjectMembers,
  selectProjectMembers,
} from '../../database/project-members.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Page } from '../../tenants/page.ts';
import type { Principal } from '../../tenants/principal.ts';
import { behind, type NamedPageWish, pageByName } from './page-by-name.ts';
import { refuseChange } from './refuse-change.ts';

/** Who has a role on a project, by name, for who sees it or may name its members. One database request. */
export async function listProjectMembers(
  platform: Platform,
  principal: Principal,
  asked: NamedPageWish & { readonly project: string },
): Promise<Omit<ProjectMembers, 'rows'> & Page<ProjectMember>> {
  const [found] = await withTenantOfPerson(platform, principal, [
    selectProjectMembers(asked.project, behind(asked)),
  ] as const);
  if (!found.ok) throw refuseChange(found);
  return { ...found, ...pageByName(found.rows, asked.limit, ({ user }) => user) };
}
