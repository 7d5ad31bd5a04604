import type { Command } from 'commander';
import { parseId, type TenantId } from '../../protocol/ids.ts';
import { readSecrets } from '../stack/secrets.ts';
import { statePaths } from '../stack/state-paths.ts';
import { Failure } from '../terminal/failure.ts';
import { type JsonOptions, jsonOption, type StateOptions, stateOption } from './state-option.ts';

export interface DatabaseOptions extends StateOptions, JsonOptions {
  readonly databaseUrl?: string;
  readonly tenant?: string;
}

/** Options that say on which database and tenant a command works. */
export function withDatabase(command: Command): Command {
  return command
    .option(
      '--database-url <url>',
      'another database, as causeway_owner (also: environment DATABASE_OWNER_URL)',
    )
    .option('--tenant <id>', 'another tenant than the development tenant of this stack')
    .addOption(stateOption())
    .addOption(jsonOption());
}

/** The tenant that the options name: the development tenant of the stack, where they name none. */
export function tenantOf({ tenant, state }: DatabaseOptions): TenantId {
  const id =
    tenant === undefined ? readSecrets(statePaths(state))?.developmentTenant : parseId('tenant', tenant);
  if (id) return id;
  throw new Failure({
    what: 'There is no tenant to work on.',
    why: tenant === undefined ? `no stack was ever started in ${state}` : `${tenant} is no id of a tenant`,
    remedy: 'start ./causeway up once, or name a tenant: --tenant ten_...',
  });
}
