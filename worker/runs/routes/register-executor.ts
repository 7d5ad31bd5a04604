import type { Context } from 'hono';
import { z } from 'zod';
import type { RegisterResponse } from '../../../protocol/executor-identity.ts';
import { newId } from '../../../protocol/ids.ts';
import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import { registerExecutor } from '../../database/executors.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { readBody } from '../../http/read-body.ts';
import { Refusal } from '../../http/refusal.ts';
import { asAttempt } from '../../identity/authentication-attempt.ts';
import { requireContentType } from '../../input/content-type.ts';
import { readJson } from '../../input/parse-json.ts';
import { recorded } from '../../people/open-session.ts';
import { addressGateOf } from '../../tenants/address-gate.ts';
import { unauthenticated } from './unauthenticated.ts';

const BODY_BYTES_MAX = 4096;

const bodySchema = z.object({
  join_token: z.string().min(20).max(200),
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'letters, digits and . _ - only'),
  public_key: z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'expected a raw Ed25519 key in base64url'),
});

/** Turns a one-time join token into an executor with its own key. */
export async function registerExecutorRoute(context: Context<AppEnv>): Promise<Response> {
  const read = readJson(await readBody(context.req.raw, BODY_BYTES_MAX));
  const given = read.ok ? (read.value as { join_token?: unknown } | null) : null;
  if (typeof given?.join_token !== 'string') {
    return unauthenticated(context, 'Causeway-Join', 'The request shows no join token.');
  }
  requireContentType(context.req.raw, ['application/json']);
  const body = bodySchema.safeParse(given);
  if (!body.success) {
    const fault = body.error.issues[0];
    throw new Refusal('invalid_arguments', `${fault?.path.join('.')}: ${fault?.message}`);
  }
  return asAttempt(addressGateOf(context.env, context.var.call.address), async (succeeded) => {
    const { platform } = context.var;
    const tokenSha256 = await sha256Hex(utf8(body.data.join_token));
    const [registered] = await platform.database.transaction([
      registerExecutor({
        tokenSha256,
        executor: newId('executor'),
        name: body.data.name,
        publicKey: body.data.public_key,
        call: recorded(context.var.call),
      }),
    ]);
    if (registered === null) {
      return unauthenticated(context, 'Causeway-Join', 'The join token is unknown, used or expired.');
    }
    succeeded();
    return context.json({ ...registered, audience: platform.publicUrl } satisfies RegisterResponse, 201);
  });
}
