import { newId } from '../../protocol/ids.ts';
import { describeQuantity, LIMITS } from '../../protocol/limits.ts';
import { createProjectRow } from '../database/projects.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { Idempotency } from '../tenants/idempotency.ts';
import type { Principal } from '../tenants/principal.ts';
import { usedKey } from './commit-changes.ts';

/** Creates a project with a name that is free in the tenant. One database request. */
export async function createProject(
  platform: Platform,
  principal: Principal,
  asked: { name: string; description: string; idempotency: Idempotency | null },
): Promise<{ readonly project: string; readonly replayed: boolean }> {
  const [answer] = await withTenant(platform.database, principal, [
    createProjectRow(newId('project'), asked.name, asked.description, asked.idempotency),
  ] as const);
  if (answer.ok) return { project: answer.project, replayed: answer.replayed === true };
  switch (answer.code) {
    case 'already_exists':
      throw new Refusal('already_exists', `A project is named \`${asked.name}\` already.`, {
        hint: 'Use that project, or choose another name.',
        ...(answer.details === undefined ? {} : { details: answer.details }),
      });
    case 'limit_exceeded':
      throw new Refusal(
        'limit_exceeded',
        `The tenant has ${describeQuantity(LIMITS.tenant_projects.value, 'count')} projects, which is all it may have.`,
        {
          hint: 'archive_project makes room.',
        },
      );
    case 'idempotency_conflict':
      throw usedKey();
    default:
      throw new Error(`create_project answered ${answer.code}`);
  }
}
