import { archiveProjectRow, selectProjectAt, selectProjectRefusal } from '../database/projects.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { seal, unseal } from '../seal/seal.ts';
import type { Principal } from '../tenants/principal.ts';
import { foundProject } from './find-project.ts';
import { refuseRole } from './refuse-role.ts';

const CONFIRMATION_LIFETIME_MS = 10 * 60_000;

interface Confirmation {
  readonly credential: string;
  readonly project: string;
}

export interface Archival {
  readonly project: string;
  readonly name: string;
  readonly files: number;
  readonly archived: boolean;
  /** To be given back to do it; null once it is done. */
  readonly confirmation: string | null;
}

/**
 * Archives a project in two steps: the first says what would happen and seals a confirmation, the second, with it, does
 * it. The token guards against accidents; it is bound to the credential and the project and lives ten minutes.
 */
export async function archiveProject(
  platform: Platform,
  principal: Principal,
  asked: { project: string; confirmation: string | undefined },
): Promise<Archival> {
  const [at, lacking] = await withTenant(platform.database, principal, [
    selectProjectAt(asked.project, null),
    selectProjectRefusal(asked.project, 'owner'),
  ] as const);
  const { project, files } = foundProject(at, asked.project);
  if (lacking !== null) throw refuseRole(lacking);
  const said = { project: project.id, name: project.name, files: Object.keys(files).length };
  if (project.archivedAt !== null) return { ...said, archived: true, confirmation: null };
  if (asked.confirmation === undefined) {
    const claim: Confirmation = { credential: principal.credential.id, project: project.id };
    return {
      ...said,
      archived: false,
      confirmation: await seal(platform.sealKey, 'confirm', claim, CONFIRMATION_LIFETIME_MS),
    };
  }
  const confirmed = await unseal<Confirmation>(platform.sealKey, 'confirm', asked.confirmation);
  if (
    !confirmed.ok ||
    confirmed.claim.credential !== principal.credential.id ||
    confirmed.claim.project !== project.id
  ) {
    throw new Refusal(
      'confirmation_required',
      'The confirmation is not for this project and credential, or its ten minutes are over.',
      {
        hint: 'Call archive_project without confirmation and pass on what it returns.',
      },
    );
  }
  const [done] = await withTenant(platform.database, principal, [archiveProjectRow(project.id)] as const);
  if (!done.ok)
    throw done.code === 'insufficient_role'
      ? refuseRole(done.details)
      : foundProject<Refusal>(null, asked.project);
  platform.publish(principal.tenantId, { kind: 'project', project: project.id });
  return { ...said, archived: true, confirmation: null };
}
