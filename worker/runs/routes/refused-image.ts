import type { Context } from 'hono';
import { z } from 'zod';
import { refusedImageStatement } from '../../../protocol/executor-identity.ts';
import { IMAGE_REFUSAL_CODES, type RefusedImageRequest } from '../../../protocol/image-refusal.ts';
import { imageDigestSchema } from '../../../protocol/manifest.ts';
import { findExecutor, noteRefusedImage } from '../../database/executors.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { recorded } from '../../people/open-session.ts';
import { asExecutor } from './as-executor.ts';
import { type ConnectionProof, isSigned } from './connection-proof.ts';

const BODY_BYTES_MAX = 1024;

const bodySchema: z.ZodType<RefusedImageRequest> = z.object({
  code: z.enum(IMAGE_REFUSAL_CODES),
  image: imageDigestSchema,
});

/** Records that a host does not use its sandbox image, by the word of its executor. */
export async function refusedImageRoute(context: Context<AppEnv>): Promise<Response> {
  return asExecutor(context, { schema: bodySchema, bytesMax: BODY_BYTES_MAX }, async (proof, refusal) =>
    (await note(context, proof, refusal)) ? context.body(null, 204) : null,
  );
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
