import type { Command } from 'commander';
import { parseId, type TenantId } from '../../protocol/ids.ts';
import { readSecrets } from '../stack/secrets.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { type DatabaseOptions, withDatabase } from './database-option.ts';

export interface TenantOptions extends DatabaseOptions {
  readonly tenant?: string;
}

/** Options that say on which database and tenant a command works. */
export function withTenant(command: Command): Command {
  return withDatabase(command).option(
    '--tenant <id>',
    'another tenant than the development tenant of this stack',
  );
}

/** The tenant that the options name: the development tenant of the stack, where they name none. */
export function tenantOf({ tenant, state }: TenantOptions): TenantId {
  if (tenant !== undefined) return tenantNamed(tenant);
  const id = readSecrets(statePaths(state))?.developmentTenant;
  if (id) return id as TenantId;
  throw noTenant(
    `no stack was ever started in ${state}`,
    'start ./causeway up once, or name a tenant: --tenant ten_...',
  );
}

export function tenantNamed(text: string): TenantId {
  const id = parseId('tenant', text);
  if (id !== null) return id;
  throw noTenant(`${text} is no id of a tenant`, './causeway tenant list shows the ids');
}

function noTenant(why: string, remedy: string): Failure {
  return new Failure({ what: 'There is no tenant to work on.', why, remedy });
}
