import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { connectStatement, EXECUTOR_SCHEME } from '../../protocol/executor-identity.ts';
import type { TestStack } from './stack.ts';

/** Who a played executor is: registered with a real join token, and proven by a real key. */
export interface PlayedIdentity {
  readonly id: string;
  /** The `Authorization` header of a connection, as the executor would send it. */
  authorization(changes?: { seconds?: number; nonce?: string; audience?: string }): string;
}

export async function registerPlayed(
  stack: TestStack,
  wish: { name?: string; pool?: string; joinToken?: string },
): Promise<PlayedIdentity> {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const response = await fetch(`${stack.publicUrl}/executor/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      join_token: wish.joinToken ?? (await mintJoinToken(stack.ownerUrl, wish.pool)),
      name: wish.name ?? 'played',
      public_key: publicKey.export({ format: 'jwk' }).x ?? '',
    }),
  });
  if (response.status !== 201) throw new Error(`registration: ${response.status} ${await response.text()}`);
  const { executor } = (await response.json()) as { executor: string };
  return {
    id: executor,
    authorization(changes = {}) {
      const proof = {
        executor,
        audience: changes.audience ?? stack.publicUrl,
        seconds: changes.seconds ?? Math.floor(Date.now() / 1000),
        nonce: changes.nonce ?? randomBytes(16).toString('base64url'),
      };
      const signature = sign(null, connectStatement(proof), privateKey).toString('base64url');
      return `${EXECUTOR_SCHEME} ${executor}.${proof.seconds}.${proof.nonce}.${signature}`;
    },
  };
}
