import { encodeBase64url } from '../../protocol/base64url.ts';

const SECRET_BYTES = 32;

/** A new 256-bit secret for a cookie or a link, base64url. What is stored of it is its SHA-256. */
export function newSecret(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}
