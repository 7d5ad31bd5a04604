import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';

/**
 * Sealed statements: what the Worker hands out and believes when it comes back (capabilities for blobs, upload and
 * download links, cursors, confirmation tokens). HMAC-SHA256 (RFC 2104) over purpose, expiry and content; a statement sealed for one
 * purpose is nothing for another. The holder can read it, and change nothing.
 */
export type SealPurpose =
  | 'blob:get'
  | 'run'
  | 'upload'
  | 'download'
  | 'cursor'
  | 'export'
  | 'confirm'
  | 'request state'
  | 'return'
  | 'consent'
  | 'session'
  | 'waited run'
  | 'new-token';

interface Sealed<Claim> {
  readonly p: SealPurpose;
  /** Unix seconds. */
  readonly e: number;
  readonly c: Claim;
}

export type Unsealed<Claim> =
  | { readonly ok: true; readonly claim: Claim }
  | { readonly ok: false; readonly reason: 'forged' | 'expired' };

/** The key of {@link seal}; imported once, never readable again. */
export type SealKey = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

const encoder = new TextEncoder();

/** Imports a base64url key of at least 32 bytes for {@link seal} and {@link unseal}. */
export async function importSealKey(base64url: string): Promise<SealKey> {
  const bytes = decodeBase64url(base64url);
  if (bytes === null || bytes.byteLength < 32)
    throw new Error('SEAL_KEY must be at least 32 bytes of base64url');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

export async function seal<Claim>(
  key: SealKey,
  purpose: SealPurpose,
  claim: Claim,
  lifetimeMs: number,
  now: number = Date.now(),
): Promise<string> {
  const sealed: Sealed<Claim> = { p: purpose, e: Math.ceil((now + lifetimeMs) / 1000), c: claim };
  const content = encodeBase64url(encoder.encode(JSON.stringify(sealed)));
  const signature = await crypto.subtle.sign('HMAC', key, encoder.encode(content));
  return `${content}.${encodeBase64url(new Uint8Array(signature))}`;
}

/** The claim inside `text`, if this deployment sealed it for `purpose` and its time is not over. */
export async function unseal<Claim>(
  key: SealKey,
  purpose: SealPurpose,
  text: string,
  now: number = Date.now(),
): Promise<Unsealed<Claim>> {
  const [content = '', signature = '', ...rest] = text.split('.');
  const signatureBytes = decodeBase64url(signature);
  const contentBytes = decodeBase64url(content);
  if (rest.length > 0 || signatureBytes === null || contentBytes === null)
    return { ok: false, reason: 'forged' };
  if (!(await crypto.subtle.verify('HMAC', key, signatureBytes, encoder.encode(content))))
    return { ok: false, reason: 'forged' };
  const sealed = JSON.parse(new TextDecoder().decode(contentBytes)) as Sealed<Claim>;
  if (sealed.p !== purpose) return { ok: false, reason: 'forged' };
  if (sealed.e * 1000 <= now) return { ok: false, reason: 'expired' };
  return { ok: true, claim: sealed.c };
}
