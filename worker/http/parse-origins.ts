import { isLoopbackHttp } from '../../protocol/loopback.ts';

/**
 * Origins with commas between, as a browser writes them in `Origin` (RFC 6454, section 6.1); null where one of them is
 * no origin, or is plain http and not on the own computer. No pattern is one: `*` would be anybody.
 */
export function parseOrigins(text: string): readonly string[] | null {
  const named = text.split(',').map((origin) => origin.trim());
  const origins = named.filter((origin) => origin !== '');
  return origins.every(isOrigin) ? origins : null;
}

function isOrigin(text: string): boolean {
  const url = URL.parse(text);
  if (url === null || url.origin !== text || text.includes('*')) return false;
  return url.protocol === 'https:' || isLoopbackHttp(text);
}
