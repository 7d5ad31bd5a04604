import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose';
import { type EnvelopeKey, type Place, sealEnvelope } from '../../seal/envelope.ts';
import { ALGORITHM } from '../jwt/access-token.ts';

/** A signing key as it is stored: public as a JWK, private as an envelope that is bound to the key's row. */
export interface StoredKey {
  readonly keyId: string;
  readonly publicJwk: Readonly<Record<string, unknown>>;
  readonly privateKey: string;
}

/** Makes a new signing key. Its id is its thumbprint (RFC 7638). The private half is never outside of an envelope. */
export async function makeSigningKey(envelopeKey: EnvelopeKey): Promise<StoredKey> {
  const pair = await generateKeyPair(ALGORITHM, { extractable: true });
  const [publicJwk, privateJwk] = await Promise.all([exportJWK(pair.publicKey), exportJWK(pair.privateKey)]);
  const keyId = await calculateJwkThumbprint(publicJwk);
  return {
    keyId,
    publicJwk: { ...publicJwk, kid: keyId, alg: ALGORITHM, use: 'sig' },
    privateKey: await sealEnvelope(envelopeKey, JSON.stringify(privateJwk), placeOfKey(keyId)),
  };
}

/** What binds an envelope to the row of its key. */
export function placeOfKey(keyId: string): Place {
  return { table: 'app.oauth_keys', column: 'private_key', row: keyId, tenant: null };
}
