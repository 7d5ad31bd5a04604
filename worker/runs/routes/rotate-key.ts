import type { Context } from 'hono';
import { z } from 'zod';
import { decodeBase64url } from '../../../protocol/base64url.ts';
import { type RotateKeyResponse, rotateStatement } from '../../../protocol/executor-identity.ts';
import { findExecutor, rotateExecutorKey } from '../../database/executors.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { readBody } from '../../http/read-body.ts';
import { Refusal } from '../../http/refusal.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { parseJson } from '../../input/parse-json.ts';
import { recorded } from '../../people/open-session.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { poolOf } from '../pool-of.ts';
import { type ConnectionProof, isSigned, readProof } from './connection-proof.ts';
import { unauthenticated } from './unauthenticated.ts';

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
  const read = readProof(context.req.header('authorization') ?? null, Date.now());
  if (!read.ok)
    return unauthenticated(context, 'Causeway-Executor', 'The request shows no proof of an executor.');
  const body = bodySchema.safeParse(parseJson(await readBody(context.req.raw, BODY_BYTES_MAX)));
  if (!body.success) {
    const fault = body.error.issues[0];
    throw new Refusal('invalid_arguments', `${fault?.path.join('.')}: ${fault?.message}`);
  }
  return asAttempt(addressGateOf(context.env, context.var.call.address), async (succeeded) => {
    const changed = await rotate(context, read.proof, body.data);
    if (changed === null) {
      return unauthenticated(context, 'Causeway-Executor', 'The proof is not of a registered executor.');
    }
    succeeded();
    return context.json({ executor: read.proof.executor, changed } satisfies RotateKeyResponse);
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
