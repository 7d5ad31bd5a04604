import { describeQuantity } from '../../protocol/describe-quantity.ts';
import { newId } from '../../protocol/ids.ts';
import { LIMITS } from '../../protocol/limits.ts';
import { createProjectRow, recall } from '../database/projects.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { type Idempotency, usedKey } from '../tenants/idempotency.ts';
import type { Principal } from '../tenants/principal.ts';

/**
 * Creates a project, of which the caller is the owner, with a name that no other has that they see. One database request;
 * one more where the name is taken and may have been by this very call, made twice at once.
 */
export async function createProject(
  platform: Platform,
  principal: Principal,
  asked: { name: string; description: string; restricted?: boolean; idempotency: Idempotency | null },
): Promise<{ readonly project: string; readonly replayed: boolean }> {
  const [answer] = await withTenant(platform.database, principal, [
    createProjectRow({ restricted: false, ...asked, id: newId('project') }),
  ] as const);
  if (answer.ok) {
    const { project } = answer;
    if (answer.replayed !== true) platform.publish(principal.tenantId, { kind: 'project', project });
    return { project, replayed: answer.replayed === true };
  }
  switch (answer.code) {
    case 'already_exists': {
      const first = asked.idempotency === null ? null : await madeBy(platform, principal, asked.idempotency);
      if (first !== null) return { project: first, replayed: true };
      throw new Refusal('already_exists', `A project is named \`${asked.name}\` already.`, {
        hint: 'Use that project, or choose another name.',
        ...(answer.details === undefined ? {} : { details: answer.details }),
      });
    }
    case 'limit_exceeded':
      throw new Refusal(
        'limit_exceeded',
        `The tenant has ${describeQuantity(LIMITS.tenant_projects.value, 'count')} projects, which is all it may have.`,
        {
          hint: 'archive_project makes room.',
        },
      );
    case 'token_restricted':
      throw new Refusal(
        'token_restricted',
        'This token holds for some projects only; a project that it made would not be among them.',
        { hint: 'Create the project with another token or agent, or work in one that list_projects shows.' },
      );
    case 'idempotency_conflict':
      throw usedKey();
    default:
      throw new Error(`create_project answered ${answer.code}`);
  }
}

/** The project that a call with this key made, or null. */
async function madeBy(
  platform: Platform,
  principal: Principal,
  idempotency: Idempotency,
): Promise<string | null> {
  const [seen] = await withTenant(platform.database, principal, [
    recall<{ project: string }>(idempotency),
  ] as const);
  return seen?.ok === true ? seen.project : null;
}
