import { type CryptoKey, importJWK, type JWK } from 'jose';
import { addFirstKey, findKeys, type PublishedKey } from '../../database/oauth-keys.ts';
import type { Platform } from '../../platform.ts';
import { ALGORITHM } from '../jwt/access-token.ts';
import { makeSigningKey, placeOfKey } from './make-key.ts';

export interface SigningKey {
  readonly keyId: string;
  readonly privateKey: CryptoKey;
}

/** How long keys are believed; a key that is taken away at once is refused after this time at the latest. */
const BELIEVED_MS = 60_000;
/** An unknown key id makes the keys be read again, yet no more often than this, however many come. */
const REREAD_MS = 10_000;

interface Ring {
  readonly keys: readonly PublishedKey[];
  readonly publicKeys: ReadonlyMap<string, CryptoKey>;
  readonly readAt: number;
  signing: Promise<SigningKey> | undefined;
}

const rings = new WeakMap<Platform, Promise<Ring>>();

/** The key that signs now. The first call of a deployment makes it. */
export async function signingKey(platform: Platform): Promise<SigningKey> {
  const ring = await ringOf(platform, BELIEVED_MS);
  ring.signing ??= openSigningKey(platform, chooseSigningKey(ring.keys, Date.now() / 1000));
  return ring.signing;
}

/** The public key with this id, or null where it is not published. */
export async function publicKey(platform: Platform, keyId: string): Promise<CryptoKey | null> {
  const known = (await ringOf(platform, BELIEVED_MS)).publicKeys.get(keyId);
  return known ?? (await ringOf(platform, REREAD_MS)).publicKeys.get(keyId) ?? null;
}

/** The JWK Set that is published (RFC 7517, section 5). */
export async function publishedKeys(platform: Platform): Promise<{ keys: readonly object[] }> {
  return { keys: (await ringOf(platform, BELIEVED_MS)).keys.map((key) => key.publicJwk) };
}

/** Of the keys, oldest first, the newest whose time to sign has come; before any has, the first. */
export function chooseSigningKey(keys: readonly PublishedKey[], nowSeconds: number): PublishedKey {
  const chosen = keys.findLast((key) => key.signsFrom <= nowSeconds) ?? keys[0];
  if (chosen === undefined) throw new Error('there is no signing key');
  return chosen;
}

async function ringOf(platform: Platform, believedMs: number): Promise<Ring> {
  const held = rings.get(platform);
  if (held !== undefined) {
    const ring = await held.catch(() => undefined);
    if (ring !== undefined && Date.now() - ring.readAt < believedMs) return ring;
    // Another request of this isolate may have begun to read meanwhile.
    if (rings.get(platform) !== held) return ringOf(platform, believedMs);
  }
  const reading = readRing(platform);
  rings.set(platform, reading);
  return reading;
}

async function readRing(platform: Platform): Promise<Ring> {
  let keys = await findKeys(platform.database);
  if (keys.length === 0) {
    await addFirstKey(platform.database, await makeSigningKey(await platform.keys.sealing(null)));
    keys = await findKeys(platform.database);
  }
  const imported = await Promise.all(
    keys.map(async (key) => [key.keyId, await importKey(key.publicJwk as JWK)] as const),
  );
  return { keys, publicKeys: new Map(imported), readAt: Date.now(), signing: undefined };
}

async function openSigningKey(platform: Platform, stored: PublishedKey): Promise<SigningKey> {
  const jwk = await platform.keys.open(null, stored.privateKey, placeOfKey(stored.keyId));
  if (jwk === null) {
    throw new Error(
      'the signing key opens with no key of the platform; ./causeway keys rotate makes one that does',
    );
  }
  return { keyId: stored.keyId, privateKey: await importKey(JSON.parse(jwk) as JWK) };
}

async function importKey(jwk: JWK): Promise<CryptoKey> {
  const key = await importJWK(jwk, ALGORITHM);
  if (key instanceof Uint8Array) throw new Error('a signing key is no secret of bytes');
  return key;
}
