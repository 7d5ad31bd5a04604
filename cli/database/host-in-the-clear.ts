import type pg from 'pg';
import { isLoopbackHost } from '../../protocol/loopback.ts';

/** Of what a client settled, the part that says where it goes and how. `pg` leaves more in `ssl` than its types say. */
type Settled = Pick<pg.Client, 'host'> & { readonly ssl: unknown };

/**
 * The machine to which a client would go without a proven TLS; null where there is none. Its host and TLS are those that the
 * client itself settled: it reads an address otherwise than a URL is read (of two parameters it takes the last, and it takes
 * a login without a host), and what is missing it takes from the environment. `url` is its address. Pure.
 */
export function hostInTheClear(
  { host, ssl }: Settled,
  url: string,
  { PGSSLMODE }: Readonly<Record<string, string | undefined>>,
): string | null {
  if (host.startsWith('/') || isLoopbackHost(host)) return null;
  return isProven(ssl) && saysVerifyFull(url, PGSSLMODE) ? null : host;
}

/** Whether the server must show a certificate of its own name by an authority that is trusted. */
function isProven(ssl: unknown): boolean {
  if (typeof ssl !== 'object' || ssl === null) return ssl === true;
  return !('checkServerIdentity' in ssl) && !('rejectUnauthorized' in ssl && ssl.rejectUnauthorized !== true);
}

/** `require` proves the server too, with this version of our client; the next will do as libpq, which believes whoever answers. */
function saysVerifyFull(url: string, fromEnvironment: string | undefined): boolean {
  const said = [...url.matchAll(/[?&]sslmode=([^&#]*)/g)].map(([, mode]) => mode);
  return said.length === 0 ? fromEnvironment === 'verify-full' : said.every((mode) => mode === 'verify-full');
}
