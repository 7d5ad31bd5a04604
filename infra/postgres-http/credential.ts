import { createHash } from 'node:crypto';

/** Whom to log in as. The server that is logged in to is configured, never taken from a client. */
export type Credential = { readonly user: string; readonly password: string; readonly database: string };

/**
 * Reads user, password and database of a connection string; its host, port and parameters are ignored, so that no
 * client can point this server elsewhere or set session options.
 *
 * @returns a sentence where the string lacks one of the three
 */
export function parseCredential(connectionString: string): Credential | string {
  let url: URL;
  try {
    url = new URL(connectionString);
  } catch {
    return 'the connection string is not a URL';
  }
  if (url.protocol !== 'postgres:' && url.protocol !== 'postgresql:')
    return 'the connection string is not postgresql://';
  let credential: Credential;
  try {
    credential = {
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    return 'the connection string has a malformed escape';
  }
  for (const [name, value] of Object.entries(credential)) {
    if (value === '') return `the connection string has no ${name}`;
    if (value.includes('\0')) return `the connection string has a NUL in its ${name}`;
  }
  return credential;
}

/** A name for a credential under which its connections are kept; it gives nothing of the password away. */
export function credentialKey({ user, password, database }: Credential): string {
  return createHash('sha256').update(`${user}\0${database}\0${password}`).digest('hex');
}
