import type { MigrateOptions } from '../database/migrate.ts';
import { Failure } from '../terminal/failure.ts';

/**
 * What a database shares with the Worker of a deployment, from the settings of that Worker: CONTEXT_KEY, and the password that
 * DATABASE_URL has for causeway_app. What is not set is left as it is in the database.
 */
export function deploymentSecrets({
  CONTEXT_KEY,
  DATABASE_URL,
}: NodeJS.ProcessEnv): Pick<MigrateOptions, 'appPassword' | 'ticketKeys'> {
  const login = DATABASE_URL === undefined ? null : URL.parse(DATABASE_URL);
  if (DATABASE_URL !== undefined && (login?.username !== 'causeway_app' || login.password === ''))
    throw notInstalled('DATABASE_URL is no login of causeway_app with its password');
  const key = CONTEXT_KEY === undefined ? null : Buffer.from(CONTEXT_KEY, 'base64url');
  if (key !== null && key.byteLength !== 32) throw notInstalled('CONTEXT_KEY is not 32 bytes as base64url');
  return {
    ...(login === null ? {} : { appPassword: decodeURIComponent(login.password) }),
    ...(key === null ? {} : { ticketKeys: { current: key } }),
  };
}

function notInstalled(why: string): Failure {
  return new Failure({
    what: 'Nothing was changed.',
    why,
    remedy: 'set it to what the Worker has, or do not set it',
  });
}
