import { isLoopbackHost } from '../../protocol/loopback.ts';

/**
 * The machine to which a connection by this address would go without a proven TLS; null where there is none. Our client, as
 * libpq, takes an address that says nothing of TLS for one without, and settles what is missing from the environment. Pure.
 */
export function hostInTheClear(
  url: string,
  { PGHOST = '', PGSSLMODE }: Readonly<Record<string, string | undefined>>,
): string | null {
  const address = URL.parse(url);
  if (address === null) return null;
  const { hostname, searchParams } = address;
  const host = (searchParams.get('host') ?? decodeURIComponent(hostname)) || PGHOST;
  const staysHere = host === '' || host.startsWith('/') || isLoopbackHost(host);
  return staysHere || (searchParams.get('sslmode') ?? PGSSLMODE) === 'verify-full' ? null : host;
}
