import { type AdministeredProject, selectAdministeredProjects } from '../../database/project-members.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Page } from '../../tenants/page.ts';
import type { Principal } from '../../tenants/principal.ts';
import { behind, type NamedPageWish, pageByName } from './page-by-name.ts';

/**
 * The projects of a tenant that a signed-in person sees, with those whose members they may name though they do not see
 * inside; or only those whose members they may name. By name. One database request.
 */
export async function listAdministeredProjects(
  platform: Platform,
  principal: Principal,
  asked: NamedPageWish & { readonly administeredOnly: boolean },
): Promise<Page<AdministeredProject> & { readonly total: number }> {
  const [found] = await withTenantOfPerson(platform, principal, [
    selectAdministeredProjects(asked.administeredOnly, behind(asked)),
  ] as const);
  return { total: found.total, ...pageByName(found.rows, asked.limit, ({ project }) => project) };
}
