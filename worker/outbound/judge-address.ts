/** Why an address may not be fetched for a user. */
export type AddressRefusal =
  | 'malformed'
  | 'not_https'
  | 'credentials'
  | 'other_port'
  | 'internal_address'
  | 'internal_name';

export type JudgedAddress =
  | { readonly ok: true; readonly url: URL; readonly isLoopback: boolean }
  | { readonly ok: false; readonly reason: AddressRefusal };

/** Names that never lead to the internet (RFC 6761, RFC 6762, RFC 8375, and what cloud hosts answer on). */
const INTERNAL_NAMES =
  /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|corp|private|test|invalid|onion)$/;

/**
 * Judges a URL that somebody else chose, before it is fetched. https on port 443 with a public name or address; also what
 * is of one of `loopbackOrigins`, which name this machine and are there in development alone. The URL parser has made one spelling of decimal, octal, hex
 * and short IPv4 forms. What a name resolves to is the platform's to refuse: Cloudflare reaches no private address,
 * and workerd's network service allows public ones alone.
 */
export function judgeAddress(
  address: string,
  { loopbackOrigins }: { readonly loopbackOrigins: readonly string[] },
): JudgedAddress {
  const refuse = (reason: AddressRefusal): JudgedAddress => ({ ok: false, reason });
  if (address.length > 1000 || !/^[\x21-\x7e]+$/.test(address)) return refuse('malformed');
  const url = URL.parse(address);
  if (url === null) return refuse('malformed');
  if (url.username !== '' || url.password !== '') return refuse('credentials');
  // The origin of a `blob:` URL is that of the address inside it.
  if (url.protocol === 'http:' && loopbackOrigins.includes(url.origin))
    return { ok: true, url, isLoopback: true };
  if (url.protocol !== 'https:') return refuse('not_https');
  if (url.port !== '') return refuse('other_port');
  const host = url.hostname.replace(/\.$/, '');
  if (isInternalIpv4(host) || isInternalIpv6(host)) return refuse('internal_address');
  if (!host.startsWith('[') && (!host.includes('.') || INTERNAL_NAMES.test(host)))
    return refuse('internal_name');
  return { ok: true, url, isLoopback: false };
}

/** Blocks that are not globally reachable (IANA special-purpose registry), as [first octets, prefix bits]. */
const INTERNAL_IPV4: readonly (readonly [number, number])[] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0000200, 24],
  [0xc0586300, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xc6336400, 24],
  [0xcb007100, 24],
  [0xe0000000, 3],
];

function isInternalIpv4(host: string): boolean {
  const octets = /^(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(host)?.slice(1).map(Number);
  if (octets === undefined) return false;
  const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  return INTERNAL_IPV4.some(([block, bits]) => value >>> (32 - bits) === block >>> (32 - bits));
}

/**
 * Of IPv6, global unicast alone is public, without what wraps IPv4 (2002::/16), is a protocol's own (2001::/23, tunnels
 * among them), or stands in documents (2001:db8::/32, 3fff::/20; nothing else of 3fff::/16 is given out).
 */
function isInternalIpv6(host: string): boolean {
  if (!host.startsWith('[')) return false;
  const address = host.slice(1, -1);
  const first = Number.parseInt(address.split(':')[0] || '0', 16);
  const isGlobalUnicast = first >= 0x2000 && first < 0x3fff;
  return !isGlobalUnicast || first === 0x2002 || /^2001:(?:[01]?[0-9a-f]{0,2}|db8):/.test(address);
}
