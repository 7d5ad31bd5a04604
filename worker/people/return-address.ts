import { type SealKey, seal, unseal } from '../seal/seal.ts';

const LIFETIME_MS = 60 * 60_000;
const CHARS_MAX = 4096;

/** Where a person goes after signing in, when nothing else was sealed. */
const DEFAULT_RETURN = '/account';

/**
 * `path` as an address inside this deployment, or null. Only a path with its query is one: no scheme, no host in any
 * spelling that a browser understands (`//host`, `/\host`, tabs and line breaks in between), no fragment.
 */
export function parseReturnPath(path: string): string | null {
  if (path.length > CHARS_MAX || !/^\/(?![/\\])[\x21-\x7e]*$/.test(path) || /[\\#]/.test(path)) return null;
  const url = URL.parse(path, 'https://here.invalid');
  if (url === null || url.origin !== 'https://here.invalid' || url.pathname.startsWith('//')) return null;
  // The parser writes some characters as three.
  const parsed = `${url.pathname}${url.search}`;
  return parsed.length > CHARS_MAX ? null : parsed;
}

/** Seals an address for `return_to`. Throws where `path` is not inside this deployment: that is a bug of the caller. */
export async function sealReturn(key: SealKey, path: string): Promise<string> {
  const parsed = parseReturnPath(path);
  if (parsed === null) throw new Error('a return address must be a path of this deployment');
  return seal(key, 'return', { path: parsed }, LIFETIME_MS);
}

/** The address that was sealed, or the default where nothing, something foreign, or something too old is given. */
export async function unsealReturn(key: SealKey, sealed: string | null): Promise<string> {
  if (sealed === null || sealed === '') return DEFAULT_RETURN;
  const unsealed = await unseal<{ path: string }>(key, 'return', sealed);
  return (unsealed.ok ? parseReturnPath(unsealed.claim.path) : null) ?? DEFAULT_RETURN;
}
