import { archiveProjectRow, selectProjectAt, selectProjectRefusal } from '../database/projects.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { foundProject } from './find-project.ts';
import { refuseRole } from './refuse-role.ts';

export interface Archival {
  readonly project: string;
  readonly name: string;
  readonly files: number;
  readonly archived: boolean;
}

/** Archives a project, once the person has agreed. Two database requests; one where it is archived already. */
export async function archiveProject(
  platform: Platform,
  principal: Principal,
  asked: {
    readonly project: string;
    /** Asked with what would be archived. It throws where that must not be done. */
    readonly confirm: (archives: Omit<Archival, 'archived'>) => Promise<void>;
  },
): Promise<Archival> {
  const [at, lacking] = await withTenant(platform.database, principal, [
    selectProjectAt(asked.project, null),
    selectProjectRefusal(asked.project, 'owner'),
  ] as const);
  const { project, files } = foundProject(at, asked.project);
  if (lacking !== null) throw refuseRole(lacking);
  const said = { project: project.id, name: project.name, files: Object.keys(files).length };
  if (project.archivedAt !== null) return { ...said, archived: true };
  await asked.confirm(said);
  const [done] = await withTenant(platform.database, principal, [archiveProjectRow(project.id)] as const);
  if (!done.ok)
    throw done.code === 'insufficient_role'
      ? refuseRole(done.details)
      : foundProject<Refusal>(null, asked.project);
  platform.publish(principal.tenantId, { kind: 'project', project: project.id });
  return { ...said, archived: true };
}
