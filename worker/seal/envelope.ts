import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';

/**
 * Secrets at rest: `v1.<key id>.<base64url(nonce || ciphertext || tag)>`, AES-256-GCM with a random 96-bit nonce (NIST
 * SP 800-38D) under a key that HKDF-SHA256 (RFC 5869) derives from SEAL_KEY for one purpose. The row that holds an
 * envelope is its additional data, so that one cannot be moved to another row.
 */
export type EnvelopePurpose = 'oauth signing key' | 'oauth refresh successor' | 'audit signing key';

export interface EnvelopeKey {
  /** Tells which key made an envelope, and nothing about it. */
  readonly id: string;
  readonly key: Awaited<ReturnType<typeof crypto.subtle.importKey>>;
}

const NONCE_BYTES = 12;
const ENVELOPE = /^v1\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]+)$/;
const encoder = new TextEncoder();

/** Derives the key of one purpose. Throws where `sealKey` is not base64url of at least 32 bytes. */
export async function deriveEnvelopeKey(sealKey: string, purpose: EnvelopePurpose): Promise<EnvelopeKey> {
  const bytes = decodeBase64url(sealKey);
  if (bytes === null || bytes.byteLength < 32)
    throw new Error('SEAL_KEY must be at least 32 bytes of base64url');
  const root = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveBits', 'deriveKey']);
  const derivation = (info: string) => ({
    name: 'HKDF',
    hash: 'SHA-256',
    salt: encoder.encode('causeway envelope v1'),
    info: encoder.encode(info),
  });
  const [key, id] = await Promise.all([
    crypto.subtle.deriveKey(derivation(purpose), root, { name: 'AES-GCM', length: 256 }, false, [
      'encrypt',
      'decrypt',
    ]),
    crypto.subtle.deriveBits(derivation(`${purpose}: key id`), root, 48),
  ]);
  return { id: encodeBase64url(new Uint8Array(id)), key };
}

export async function sealEnvelope({ id, key }: EnvelopeKey, text: string, row: string): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: encoder.encode(row) },
    key,
    encoder.encode(text),
  );
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  bytes.set(nonce);
  bytes.set(new Uint8Array(sealed), NONCE_BYTES);
  return `v1.${id}.${encodeBase64url(bytes)}`;
}

/** The text of an envelope that this key sealed for `row`; null for any other. */
export async function openEnvelope(
  { id, key }: EnvelopeKey,
  envelope: string,
  row: string,
): Promise<string | null> {
  const [, keyId, body = ''] = ENVELOPE.exec(envelope) ?? [];
  const bytes = decodeBase64url(body);
  if (keyId !== id || bytes === null || bytes.byteLength < NONCE_BYTES) return null;
  try {
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: bytes.slice(0, NONCE_BYTES), additionalData: encoder.encode(row) },
      key,
      bytes.slice(NONCE_BYTES),
    );
    return new TextDecoder().decode(opened);
  } catch {
    return null;
  }
}
