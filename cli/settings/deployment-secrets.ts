import { isDecodable } from '../../worker/input/parse-form.ts';
import type { MigrateOptions } from '../database/migrate.ts';
import { Failure } from '../terminal/failure.ts';

/**
 * What a database shares with the Worker of a deployment, from the settings of that Worker: CONTEXT_KEY, beside it the one before
 * (CONTEXT_KEY_PREVIOUS) while it is changed, and the password that DATABASE_URL has for causeway_app. What is not set is left as it
 * is in the database.
 */
export function deploymentSecrets({
  CONTEXT_KEY,
  CONTEXT_KEY_PREVIOUS,
  DATABASE_URL,
}: NodeJS.ProcessEnv): Pick<MigrateOptions, 'appPassword' | 'ticketKeys'> {
  const login = DATABASE_URL === undefined ? null : URL.parse(DATABASE_URL);
  if (DATABASE_URL !== undefined && (login?.username !== 'causeway_app' || login.password === ''))
    throw notInstalled('DATABASE_URL is no login of causeway_app with its password');
  if (login !== null && !isDecodable(login.password))
    throw notInstalled('the password in DATABASE_URL is not written as in a URL (a % of it is %25)');
  const [current, previous] = Object.entries({ CONTEXT_KEY, CONTEXT_KEY_PREVIOUS }).map(keyOf);
  if (previous && !current) throw notInstalled('CONTEXT_KEY_PREVIOUS is set without CONTEXT_KEY');
  return {
    ...(login === null ? {} : { appPassword: decodeURIComponent(login.password) }),
    ...(current ? { ticketKeys: { current, ...(previous ? { previous } : {}) } } : {}),
  };
}

function keyOf([name, text]: readonly [string, string | undefined]): Buffer | null {
  if (text === undefined) return null;
  const key = Buffer.from(text, 'base64url');
  if (key.byteLength !== 32) throw notInstalled(`${name} is not 32 bytes as base64url`);
  return key;
}

function notInstalled(why: string): Failure {
  return new Failure({
    what: 'Nothing was changed.',
    why,
    remedy: 'set it to what the Worker has, or do not set it',
  });
}
