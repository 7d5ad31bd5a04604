import { encodeBase64url } from './base64url.ts';

const SECRET_BYTES = 32;

/** 256 random bits as base64url without padding (43 characters): a token, a cookie, a link. Only a hash of it is stored. */
export function newSecret(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(SECRET_BYTES)));
}
