import { createPublicKey, verify } from 'node:crypto';
import { connectStatement, EXECUTOR_SCHEME } from '../../protocol/executor-identity.ts';
import { newId } from '../../protocol/ids.ts';

export const JOIN_TOKEN = 'join-token-for-one-executor';
const WINDOW_SECONDS = 60;

/** The one executor that a peer lets in. */
export interface PeerIdentity {
  readonly executor: string;
  /** What an executor is answered that registers with this body; null where it is refused. */
  register(body: Buffer): { executor: string; pool: string; audience: string } | null;
  /** Whether a proof is signed by the registered key, for this peer, at this time. */
  isProven(header: string | undefined, nowSeconds: number): boolean;
}

export function peerIdentity(audience: string): PeerIdentity {
  const executor = newId('executor');
  let publicKey: string | null = null;
  return {
    executor,
    register(body) {
      const asked = JSON.parse(body.toString()) as { join_token: string; public_key: string };
      if (asked.join_token !== JOIN_TOKEN || publicKey !== null) return null;
      publicKey = asked.public_key;
      return { executor, pool: newId('pool'), audience };
    },
    isProven(header, nowSeconds) {
      const [scheme, proof] = (header ?? '').split(' ');
      const [id, seconds, nonce, signature] = (proof ?? '').split('.');
      if (scheme !== EXECUTOR_SCHEME || id !== executor || publicKey === null) return false;
      if (seconds === undefined || nonce === undefined || signature === undefined) return false;
      if (Math.abs(nowSeconds - Number(seconds)) > WINDOW_SECONDS) return false;
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
      const statement = connectStatement({ executor, audience, seconds: Number(seconds), nonce });
      return verify(null, statement, key, Buffer.from(signature, 'base64url'));
    },
  };
}
