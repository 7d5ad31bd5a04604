import { encodeBase64url } from '../../protocol/base64url.ts';
import {
  type EnvelopeKey,
  importEnvelopeKey,
  openEnvelope,
  type Place,
  sealEnvelope,
} from '../seal/envelope.ts';
import type { KekSource, Recipe } from './kek-source.ts';

/** A key-encryption key as it is stored: how to have it again, and an envelope that only it opens. */
export interface StoredKek {
  readonly keyId: string;
  readonly recipe: Recipe;
  readonly canary: string;
}

const CANARY = 'this key is the one';

export async function makeKek(source: KekSource): Promise<{ stored: StoredKek; key: EnvelopeKey }> {
  const keyId = newKeyId();
  const { recipe, bytes } = await source.make();
  const key = await importEnvelopeKey(keyId, bytes);
  return { stored: { keyId, recipe, canary: await sealEnvelope(key, CANARY, placeOfCanary(keyId)) }, key };
}

/** The key, where the source has it: the one that opens the canary. Null where none does. */
export async function openKek(source: KekSource, stored: StoredKek): Promise<EnvelopeKey | null> {
  for (const bytes of await source.open(stored.recipe)) {
    const key = await importEnvelopeKey(stored.keyId, bytes);
    if ((await openEnvelope(key, stored.canary, placeOfCanary(stored.keyId))) === CANARY) return key;
  }
  return null;
}

/** 48 random bits in eight characters. */
export function newKeyId(): string {
  return encodeBase64url(crypto.getRandomValues(new Uint8Array(6)));
}

function placeOfCanary(keyId: string): Place {
  return { table: 'app.key_encryption_keys', column: 'canary', row: keyId, tenant: null };
}
