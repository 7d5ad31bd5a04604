import type { Command } from 'commander';
import type { TenantId } from '../../protocol/ids.ts';
import { asTenantOperator, type TenantAnswer, type TenantOperator } from '../database/tenant-operator.ts';
import { ownerUrlOf } from '../stack/owner-url.ts';
import { attend } from '../tenants/ask-worker.ts';
import { Failure } from '../terminal/failure.ts';
import { printJson, printNote } from '../terminal/print.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';
import {
  type PublicUrlOptions,
  publicUrlIfKnown,
  WITHIN_A_MINUTE,
  withPublicUrl,
} from './public-url-option.ts';
import { tenantNamed } from './tenant-option.ts';

export type TenantCommandOptions = DatabaseOptions & PublicUrlOptions;

/** A command about one tenant, by its id. */
export function ofTenant(parent: Command, name: string): Command {
  return withDatabase(withPublicUrl(parent.command(name))).argument('<tenant>', 'its id (ten_...)');
}

const REFUSED: Readonly<Record<string, { why: string; remedy: string }>> = {
  tenant_not_found: { why: 'there is no such tenant', remedy: './causeway tenant list shows them' },
  not_active: { why: 'it is suspended, or being deleted', remedy: './causeway tenant show says which' },
  not_suspended: {
    why: 'it is not suspended by the operator',
    remedy: './causeway tenant show says how it is',
  },
  deletion_waits: { why: 'it waits for its deletion', remedy: 'take that back: ./causeway tenant keep' },
  deletion_began: {
    why: 'its deletion has begun, or is done',
    remedy: './causeway tenant show says how far it is; what is gone stays gone',
  },
  not_found: { why: 'it does not wait for a deletion', remedy: './causeway tenant show says how it is' },
};

export function refuseUnless(answer: TenantAnswer): asserts answer is Extract<TenantAnswer, { ok: true }> {
  if (!answer.ok) throw refused(answer.code);
}

/** What an operator is told of a code of the database. */
export function refused(code: string): Failure {
  const said = REFUSED[code] ?? { why: code, remedy: 'see docs/tenants.md' };
  return new Failure({ what: 'Nothing was done.', ...said });
}

/** Refuses where there never was such a tenant. */
export async function requireKnown(ownerUrl: string, tenant: TenantId): Promise<void> {
  const shown = await asTenantOperator(ownerUrl, (operator) => operator.show(tenant));
  if (shown === null) throw refused('tenant_not_found');
}

/** Changes a tenant in the database and makes the Worker heed it. */
export async function change(
  id: string,
  options: TenantCommandOptions,
  becomes: string,
  work: (operator: TenantOperator, tenant: TenantId) => Promise<TenantAnswer>,
): Promise<void> {
  const tenant = tenantNamed(id);
  const ownerUrl = await ownerUrlOf(options);
  const answer = await asTenantOperator(ownerUrl, (operator) => work(operator, tenant));
  refuseUnless(answer);
  const status = answer.status ?? becomes;
  const attended = await attend({ ownerUrl, publicUrl: publicUrlIfKnown(options), tenant });
  if (options.json)
    return printJson({ tenant, status, told: attended !== null, stopped_runs: attended?.stopped });
  const stopped = attended?.stopped ? ` ${attended.stopped} runs were ended.` : '';
  printNote(`${tenant} is ${status}.${stopped}${attended === null ? ` Its runs: ${WITHIN_A_MINUTE}.` : ''}`);
}
