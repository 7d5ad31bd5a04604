import type { Context } from 'hono';
import type { z } from 'zod';
import type { AppEnv } from '../../http/app-env.ts';
import { readBody } from '../../http/read-body.ts';
import { Refusal } from '../../http/refusal.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { requireContentType } from '../../input/content-type.ts';
import { parseJson } from '../../input/parse-json.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { type ConnectionProof, readProof } from './connection-proof.ts';
import { unauthenticated } from './unauthenticated.ts';

/**
 * Serves what an executor asks with a proof in `Authorization` and a body of at most `bytesMax` bytes. `work` gives null
 * where the proof is not of a registered executor; that counts against the address.
 */
export async function asExecutor<Body>(
  context: Context<AppEnv>,
  { schema, bytesMax }: { readonly schema: z.ZodType<Body>; readonly bytesMax: number },
  work: (proof: ConnectionProof, body: Body) => Promise<Response | null>,
): Promise<Response> {
  const read = readProof(context.req.header('authorization') ?? null, Date.now());
  if (!read.ok)
    return unauthenticated(context, 'Causeway-Executor', 'The request shows no proof of an executor.');
  requireContentType(context.req.raw, ['application/json']);
  const body = schema.safeParse(parseJson(await readBody(context.req.raw, bytesMax)));
  if (!body.success) {
    const fault = body.error.issues[0];
    throw new Refusal('invalid_arguments', `${fault?.path.join('.')}: ${fault?.message}`);
  }
  return asAttempt(addressGateOf(context.env, context.var.call.address), async (succeeded) => {
    const answer = await work(read.proof, body.data);
    if (answer === null)
      return unauthenticated(context, 'Causeway-Executor', 'The proof is not of a registered executor.');
    succeeded();
    return answer;
  });
}
