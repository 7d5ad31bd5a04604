const LOOPBACK = ['localhost', '127.0.0.1', '[::1]'];

/** The cookies of the pages: the session, and the secret behind forms that come before one. */
export type CookieKind = 'session' | 'form';

const NAMES: Record<CookieKind, string> = { session: 'causeway', form: 'causeway-form' };

/**
 * The name of a cookie. `__Host-` makes the browser refuse one that another host, another path or plain http set (RFC
 * 6265bis, section 4.1.3); it demands Secure, which browsers do not give to plain http on loopback.
 */
export function cookieName(kind: CookieKind, publicUrl: string): string {
  return isPlainLoopback(publicUrl) ? NAMES[kind] : `__Host-${NAMES[kind]}`;
}

/** A `Set-Cookie` value; an empty `value` with `maxAgeSeconds` 0 takes the cookie away. */
export function setCookie(
  kind: CookieKind,
  value: string,
  { publicUrl, maxAgeSeconds }: { readonly publicUrl: string; readonly maxAgeSeconds: number },
): string {
  const secure = isPlainLoopback(publicUrl) ? '' : '; Secure';
  return `${cookieName(kind, publicUrl)}=${value}; Path=/; Max-Age=${maxAgeSeconds}; HttpOnly; SameSite=Lax${secure}`;
}

const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * The secret in a cookie, or null where there is none of its form. Of two cookies with the name neither is believed. Between
 * cookies there are blanks and tabs and nothing else: with another white space before it, which `trim` takes away as well, a
 * browser takes `__Host-causeway` for another name, that any host of the domain may set.
 */
export function readCookie(request: Request, kind: CookieKind, publicUrl: string): string | null {
  const name = cookieName(kind, publicUrl);
  const values = (request.headers.get('cookie') ?? '')
    .split(';')
    .map((pair) => pair.replace(/^[ \t]+/, ''))
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  const [value = ''] = values;
  return values.length === 1 && SECRET.test(value) ? value : null;
}

function isPlainLoopback(publicUrl: string): boolean {
  const { protocol, hostname } = new URL(publicUrl);
  return protocol === 'http:' && LOOPBACK.includes(hostname);
}
