import { createHash } from 'node:crypto';

/** Whom to log in as. The server that is logged in to is configured, never taken from a client. */
export type Credential = { readonly user: string; readonly password: string; readonly database: string };

export type ParsedCredential =
  | { readonly ok: true; readonly credential: Credential }
  /** A clause that says what the string lacks. */
  | { readonly ok: false; readonly reason: string };

/**
 * Reads user, password and database of a connection string; its host, port and parameters are ignored, so that no
 * client can point this server elsewhere or set session options.
 */
export function parseCredential(connectionString: string): ParsedCredential {
  const url = URL.parse(connectionString);
  if (url === null) return refused('is not a URL');
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:') return refused('is not postgresql://');
  let credential: Credential;
  try {
    credential = {
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    return refused('has a malformed escape');
  }
  for (const [name, value] of Object.entries(credential)) {
    if (value === '') return refused(`has no ${name}`);
    if (value.includes('\0')) return refused(`has a NUL in its ${name}`);
  }
  return { ok: true, credential };
}

function refused(what: string): ParsedCredential {
  return { ok: false, reason: `the connection string ${what}` };
}

/** A name for a credential under which its connections are kept; it gives nothing of the password away. */
export function credentialKey({ user, password, database }: Credential): string {
  return createHash('sha256').update(`${user}\0${database}\0${password}`).digest('hex');
}
