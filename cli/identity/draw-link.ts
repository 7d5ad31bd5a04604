import { createHash, randomBytes } from 'node:crypto';

/** A one-time link's secret, for its address, and the SHA-256 that the database keeps of it. */
export function drawLink(): { readonly secret: string; readonly sha256: string } {
  const secret = randomBytes(32).toString('base64url');
  return { secret, sha256: createHash('sha256').update(secret).digest('hex') };
}
