import type { Context } from 'hono';
import { z } from 'zod';
import { refusedImageStatement } from '../../../protocol/executor-identity.ts';
import { IMAGE_REFUSAL_CODES, type RefusedImageRequest } from '../../../protocol/image-refusal.ts';
import { imageDigestSchema } from '../../../protocol/manifest.ts';
import { findExecutor, noteRefusedImage } from '../../database/executors.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { readBody } from '../../http/read-body.ts';
import { Refusal } from '../../http/refusal.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { parseJson } from '../../input/parse-json.ts';
import { recorded } from '../../people/open-session.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { type ConnectionProof, isSigned, readProof } from './connection-proof.ts';
import { unauthenticated } from './unauthenticated.ts';

const BODY_BYTES_MAX = 1024;

const bodySchema: z.ZodType<RefusedImageRequest> = z.object({
  code: z.enum(IMAGE_REFUSAL_CODES),
  image: imageDigestSchema,
});

/** Records that a host does not use its sandbox image, by the word of its executor. */
export async function refusedImageRoute(context: Context<AppEnv>): Promise<Response> {
  const read = readProof(context.req.header('authorization') ?? null, Date.now());
  if (!read.ok)
    return unauthenticated(context, 'Causeway-Executor', 'The request shows no proof of an executor.');
  const body = bodySchema.safeParse(parseJson(await readBody(context.req.raw, BODY_BYTES_MAX)));
  if (!body.success) {
    const fault = body.error.issues[0];
    throw new Refusal('invalid_arguments', `${fault?.path.join('.')}: ${fault?.message}`);
  }
  return asAttempt(addressGateOf(context.env, context.var.call.address), async (succeeded) => {
    if (!(await note(context, read.proof, body.data)))
      return unauthenticated(context, 'Causeway-Executor', 'The proof is not of a registered executor.');
    succeeded();
    return context.body(null, 204);
  });
}

async function note(
  context: Context<AppEnv>,
  proof: ConnectionProof,
  refusal: RefusedImageRequest,
): Promise<boolean> {
  const { platform, call } = context.var;
  const [executor] = await platform.database.transaction([findExecutor(proof.executor)]);
  if (executor === null) return false;
  const statement = refusedImageStatement({ ...proof, audience: platform.publicUrl, ...refusal });
  if (!(await isSigned(statement, proof.signature, executor.publicKey))) return false;
  const [noted] = await platform.database.transaction([
    noteRefusedImage({ executor: proof.executor, ...refusal, call: recorded(call) }),
  ]);
  return noted;
}
