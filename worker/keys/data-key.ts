import { decodeBase64url, encodeBase64url } from '../../protocol/base64url.ts';
import {
  type EnvelopeKey,
  type EnvelopeKeys,
  openWithAny,
  type Place,
  sealEnvelope,
} from '../seal/envelope.ts';
import type { KeyBytes } from './kek-source.ts';
import { newKeyId } from './key-encryption-key.ts';

/** `secrets` seals envelopes, `blobs` what lies in the object store. */
export type KeyPurpose = 'secrets' | 'blobs';

/** A data key as it is stored: its 32 bytes as an envelope under a key-encryption key. */
export interface StoredDataKey {
  readonly keyId: string;
  readonly purpose: KeyPurpose;
  readonly wrapped: string;
}

/** Whose a data key is: a tenant's, or (null) the platform's. */
export type KeyOwner = string | null;

export async function makeDataKey(
  kek: EnvelopeKey,
  owner: KeyOwner,
  purpose: KeyPurpose,
): Promise<StoredDataKey> {
  const keyId = newKeyId();
  const bytes = encodeBase64url(crypto.getRandomValues(new Uint8Array(32)));
  return { keyId, purpose, wrapped: await sealEnvelope(kek, bytes, placeOfKey(owner, keyId)) };
}

/** The bytes of a data key; null where no key at hand opens it. */
export async function unwrapDataKey(
  keks: Pick<EnvelopeKeys, 'byId'>,
  owner: KeyOwner,
  { keyId, wrapped }: StoredDataKey,
): Promise<KeyBytes | null> {
  const text = await openWithAny(keks, wrapped, placeOfKey(owner, keyId));
  return text === null ? null : decodeBase64url(text);
}

function placeOfKey(tenant: KeyOwner, row: string): Place {
  return { table: tenant === null ? 'app.platform_keys' : 'app.tenant_keys', column: 'wrapped', row, tenant };
}
