import { existsSync } from 'node:fs';
import { Failure } from '../terminal/failure.ts';
import { readSecrets } from './secrets.ts';
import { askHolder } from './state-lock.ts';
import { statePaths } from './state-paths.ts';

export interface DatabaseChoice {
  readonly state: string;
  readonly databaseUrl?: string;
}

/** Whether a database of the operator's own was named, instead of that of the state folder's stack. */
export function namesDatabase({ databaseUrl }: Pick<DatabaseChoice, 'databaseUrl'>): boolean {
  return (databaseUrl ?? process.env.DATABASE_OWNER_URL) !== undefined;
}

/** The login of `causeway_owner`: what was given, or that of the stack which runs in the state folder. A secret. */
export async function ownerUrlOf(options: DatabaseChoice): Promise<string> {
  const given = options.databaseUrl ?? process.env.DATABASE_OWNER_URL;
  if (given !== undefined) return given;
  const paths = statePaths(options.state);
  const holder = existsSync(paths.root) ? await askHolder(paths.root) : null;
  const port = holder?.parts.find(({ name }) => name === 'postgres')?.port;
  const secrets = readSecrets(paths);
  if (port && secrets) {
    return `postgres://causeway_owner:${secrets.ownerPassword}@127.0.0.1:${port}/causeway`;
  }
  throw new Failure({
    what: 'There is no database to work on.',
    why: `nothing runs in ${paths.root}, and no other database was named`,
    remedy: 'start ./causeway up in another terminal, or name a database: --database-url URL',
  });
}
