import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job, RefusalCode } from '../protocol/messages.ts';
import type { BlobCache } from './blob-cache.ts';

type Grant = Job['blobs'][number];

const ATTEMPTS = 3;
const RETRY_MS = 200;
const FETCH_TIMEOUT_MS = 60_000;
const PARALLEL_MAX = 8;

export type Fetched =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly reason: string };

export interface BlobFetcher {
  /** Brings all blobs of a job into the cache of its tenant. After `signal` no further fetch begins. */
  fetchAll(tenant: string, grants: readonly Grant[], signal: AbortSignal): Promise<Fetched>;
}

type One =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly code: RefusalCode; readonly reason: string; readonly retry: boolean };

/** One GET, the answer judged: status, length and SHA-256. At most `grant.bytes` are held. */
async function getBlob(baseUrl: string, grant: Grant): Promise<One> {
  const response = await fetch(`${baseUrl}/executor/blobs/${grant.sha256}`, {
    headers: { authorization: `Bearer ${grant.capability}` },
    redirect: 'error',
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (response.status !== 200 || response.body === null) {
    await response.body?.cancel();
    return {
      ok: false,
      code: 'input_unavailable',
      retry: response.status >= 500 || response.status === 429,
      reason: `status ${response.status}`,
    };
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const hash = createHash('sha256');
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > grant.bytes)
      return {
        ok: false,
        code: 'input_corrupt',
        retry: false,
        reason: `it is longer than ${grant.bytes} bytes`,
      };
    hash.update(chunk);
    chunks.push(chunk);
  }
  if (bytes !== grant.bytes)
    return {
      ok: false,
      code: 'input_unavailable',
      retry: true,
      reason: `it ended after ${bytes} of ${grant.bytes} bytes`,
    };
  if (hash.digest('hex') !== grant.sha256)
    return { ok: false, code: 'input_corrupt', retry: false, reason: 'its bytes have another SHA-256' };
  return { ok: true, bytes: Buffer.concat(chunks) };
}

export function blobFetcher(baseUrl: string, cache: BlobCache): BlobFetcher {
  /** One fetch of a blob at a time; others that want it wait for that one. It is not ended by one waiter's signal. */
  const underway = new Map<string, Promise<Fetched>>();

  const fetchOne = async (tenant: string, grant: Grant): Promise<Fetched> => {
    for (let attempt = 1; ; attempt++) {
      const got = await getBlob(baseUrl, grant).catch(
        (error: Error): One => ({ ok: false, code: 'input_unavailable', retry: true, reason: error.message }),
      );
      if (got.ok) {
        await cache.put({ tenant, sha256: grant.sha256 }, got.bytes);
        return { ok: true };
      }
      if (!got.retry || attempt === ATTEMPTS)
        return {
          ok: false,
          code: got.code,
          reason: `blob ${grant.sha256.slice(0, 12)} could not be fetched: ${got.reason}`,
        };
      await delay(RETRY_MS * attempt);
    }
  };

  const need = async (tenant: string, grant: Grant): Promise<Fetched> => {
    const key = `${tenant}/${grant.sha256}`;
    if (await cache.has({ tenant, sha256: grant.sha256 })) return { ok: true };
    let fetching = underway.get(key);
    if (fetching === undefined) {
      fetching = fetchOne(tenant, grant).finally(() => underway.delete(key));
      underway.set(key, fetching);
    }
    return fetching;
  };

  return {
    async fetchAll(tenant, grants, signal) {
      const queue = [...grants];
      let problem: Fetched = { ok: true };
      const work = async (): Promise<void> => {
        for (let grant = queue.shift(); grant !== undefined; grant = queue.shift()) {
          if (signal.aborted || !problem.ok) return;
          const fetched = await need(tenant, grant);
          if (!fetched.ok) problem = fetched;
        }
      };
      await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, grants.length) }, work));
      return problem;
    },
  };
}
