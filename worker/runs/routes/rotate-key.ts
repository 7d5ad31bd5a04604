import type { Context } from 'hono';
import { z } from 'zod';
import { decodeBase64url } from '../../../protocol/base64url.ts';
import { type RotateKeyResponse, rotateStatement } from '../../../protocol/executor-identity.ts';
import { findExecutor, rotateExecutorKey } from '../../database/executors.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { recorded } from '../../people/open-session.ts';
import { poolOf } from '../pool-of.ts';
import { asExecutor } from './as-executor.ts';
import { type ConnectionProof, isSigned } from './connection-proof.ts';

const BODY_BYTES_MAX = 4096;

const bodySchema = z.object({
  public_key: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected a raw Ed25519 key in base64url'),
  proof: z.string().regex(/^[A-Za-z0-9_-]{86}$/, 'expected a signature in base64url'),
});
type Body = z.infer<typeof bodySchema>;

/**
 * Gives an executor another key, by the word of the present one. From then on the old key is nobody's: no connection, no
 * further change, and the socket that it opened is closed.
 */
export async function rotateExecutorKeyRoute(context: Context<AppEnv>): Promise<Response> {
  return asExecutor(context, { schema: bodySchema, bytesMax: BODY_BYTES_MAX }, async (proof, body) => {
    const changed = await rotate(context, proof, body);
    if (changed === null) return null;
    return context.json({ executor: proof.executor, changed } satisfies RotateKeyResponse);
  });
}

/** Whether the key was another one before; null where the proof is not of the executor's present key, or of the new one. */
async function rotate(
  context: Context<AppEnv>,
  proof: ConnectionProof,
  { public_key: publicKey, proof: possession }: Body,
): Promise<boolean | null> {
  const { platform, call } = context.var;
  const [executor] = await platform.database.transaction([findExecutor(proof.executor)]);
  const ownProof = decodeBase64url(possession);
  if (executor === null || ownProof === null) return null;
  const statement = rotateStatement({ ...proof, audience: platform.publicUrl, publicKey });
  if (!(await isSigned(statement, proof.signature, executor.publicKey))) return null;
  if (!(await isSigned(statement, ownProof, publicKey))) return null;
  const [pool] = await platform.database.transaction([
    rotateExecutorKey({
      executor: proof.executor,
      oldKey: executor.publicKey,
      newKey: publicKey,
      call: recorded(call),
    }),
  ]);
  if (pool === null) return null;
  // Also where nothing changed: whoever asks again may ask because a crash kept the first time from getting here.
  await poolOf(context.env, pool).keyChanged(proof.executor);
  return publicKey !== executor.publicKey;
}
