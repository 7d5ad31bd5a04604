import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';

type Key = Awaited<ReturnType<typeof crypto.subtle.importKey>>;

/**
 * Seals secrets at rest as `v1.<key id>.<base64url(nonce || ciphertext || tag)>`: AES-256-GCM (NIST SP 800-38D) with a
 * random 96-bit nonce. By section 8.3 of it one key may seal 2^32 envelopes; a key that comes near that is rotated.
 */
export interface EnvelopeKey {
  /** Eight characters that tell which key made an envelope, and nothing about it. */
  readonly id: string;
  readonly key: Key;
}

/** Keys of one owner: the newest seals, each opens what it sealed. */
export interface EnvelopeKeys {
  readonly newest: EnvelopeKey;
  readonly byId: ReadonlyMap<string, EnvelopeKey>;
}

/** Where an envelope stands; it opens nowhere else. */
export interface Place {
  /** With its schema: `app.oauth_keys`. */
  readonly table: string;
  readonly column: string;
  /** The primary key beside tenant_id. */
  readonly row: string;
  /** Null in a table without tenants. */
  readonly tenant: string | null;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ENVELOPE = /^v1\.([A-Za-z0-9_-]{8})\.([A-Za-z0-9_-]+)$/;
const encoder = new TextEncoder();

/** The AES key for envelopes that 32 random bytes stand for (HKDF-SHA256, RFC 5869). */
export async function importEnvelopeKey(id: string, bytes: Uint8Array<ArrayBuffer>): Promise<EnvelopeKey> {
  if (bytes.byteLength !== 32) throw new Error('a key is 32 bytes');
  const root = await crypto.subtle.importKey('raw', bytes, 'HKDF', false, ['deriveKey']);
  const derivation = {
    name: 'HKDF',
    hash: 'SHA-256',
    salt: new Uint8Array(),
    info: encoder.encode('causeway envelope v1'),
  };
  const use = { name: 'AES-GCM', length: 256 };
  return { id, key: await crypto.subtle.deriveKey(derivation, root, use, false, ['encrypt', 'decrypt']) };
}

export async function sealEnvelope({ id, key }: EnvelopeKey, text: string, place: Place): Promise<string> {
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const sealed = await crypto.subtle.encrypt(
    { name: 'AES-GCM', iv: nonce, additionalData: additionalData(id, place) },
    key,
    encoder.encode(text),
  );
  const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
  bytes.set(nonce);
  bytes.set(new Uint8Array(sealed), NONCE_BYTES);
  return `v1.${id}.${encodeBase64url(bytes)}`;
}

/** The id of the key that sealed it; null for what is no envelope. */
export function keyIdOf(envelope: string): string | null {
  return ENVELOPE.exec(envelope)?.[1] ?? null;
}

/** The text of an envelope that this key sealed for `place`; null for any other. */
export async function openEnvelope(
  { id, key }: EnvelopeKey,
  envelope: string,
  place: Place,
): Promise<string | null> {
  const [, keyId, body = ''] = ENVELOPE.exec(envelope) ?? [];
  const bytes = decodeBase64url(body);
  if (keyId !== id || bytes === null || bytes.byteLength < NONCE_BYTES + TAG_BYTES) return null;
  try {
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: bytes.slice(0, NONCE_BYTES), additionalData: additionalData(id, place) },
      key,
      bytes.slice(NONCE_BYTES),
    );
    return new TextDecoder().decode(opened);
  } catch {
    return null;
  }
}

/** {@link openEnvelope} with whichever of the keys sealed it. */
export async function openWithAny(
  keys: Pick<EnvelopeKeys, 'byId'>,
  envelope: string,
  place: Place,
): Promise<string | null> {
  const key = keys.byId.get(keyIdOf(envelope) ?? '');
  return key === undefined ? null : openEnvelope(key, envelope, place);
}

/** JSON, so that no two places have the same bytes. */
function additionalData(keyId: string, { table, column, row, tenant }: Place): Uint8Array<ArrayBuffer> {
  return encoder.encode(JSON.stringify(['v1', keyId, table, column, row, tenant])) as Uint8Array<ArrayBuffer>;
}
