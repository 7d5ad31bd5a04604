import type { Context } from 'hono';
import { limit } from '../../../protocol/limits.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { poolOf } from '../pool-of.ts';
import { attemptIsOver, requireCapability } from './require-capability.ts';

/** An input of a run for the executor that holds the attempt's capability, while that lasts. */
export async function getBlob(context: Context<AppEnv>): Promise<Response> {
  const claim = await requireCapability(context, 'blob:get');
  if (claim instanceof Response) return claim;
  const sha256 = context.req.param('sha256') ?? '';
  const { pool, tenant, run, fence } = claim;
  const reads = await poolOf(context.env, pool).reads(run, fence, sha256);
  if (reads === 'over') throw attemptIsOver();
  if (reads === 'unavailable') throw new Refusal('unavailable', 'The database does not answer.');
  if (reads === 'other') throw absent();
  const blob = await context.var.platform.blobs.get({ tenant, sha256 });
  if (blob === null) throw absent();
  return new Response(blob.body, { headers: { 'content-type': 'application/octet-stream' } });
}

/**
 * Takes an output of a run while its attempt is open: of the announced length, with the SHA-256 that the address names,
 * under the tenant of the capability.
 */
export async function putBlob(context: Context<AppEnv>): Promise<Response> {
  const claim = await requireCapability(context, 'run');
  if (claim instanceof Response) return claim;
  const sha256 = context.req.param('sha256') ?? '';
  if (!/^[0-9a-f]{64}$/.test(sha256)) throw absent();
  const bytes = announcedBytes(context.req.header('content-length'));
  const pool = poolOf(context.env, claim.pool);
  if (!(await pool.admitUpload(claim.run, claim.fence, bytes))) {
    throw new Refusal(
      'upload_refused',
      'The attempt that this capability is for is over, or has uploaded all it may.',
    );
  }
  const body = context.req.raw.body ?? new Uint8Array(0);
  const { blobs } = context.var.platform;
  const put = await blobs.put({ tenant: claim.tenant, sha256 }, body, bytes).catch(async (error: unknown) => {
    // Of which nothing was read, and which comes again.
    if (error instanceof Refusal && error.code === 'busy')
      await pool.returnUpload(claim.run, claim.fence, bytes);
    throw error;
  });
  if (put === 'digest_mismatch') {
    throw new Refusal('upload_refused', 'The bytes are not those that the address and Content-Length name.');
  }
  return new Response(null, { status: 204 });
}

function announcedBytes(header: string | undefined): number {
  const bytes = /^[0-9]{1,12}$/.test(header ?? '') ? Number(header) : null;
  if (bytes === null) throw new Refusal('invalid_arguments', 'An upload names its Content-Length.');
  const most = limit('run_harvest_bytes');
  if (bytes > most) {
    throw new Refusal('request_too_large', `One output is at most ${most} bytes.`, {
      details: { limit: 'run_harvest_bytes', value: most },
    });
  }
  return bytes;
}

function absent(): Refusal {
  return new Refusal('not_found', 'There is no such blob.');
}
