import { createHash } from 'node:crypto';
import type { Job, RefusalCode } from '../protocol/messages.ts';
import type { BlobCache } from './blob-cache.ts';
import { againAfterMs, type TryFailed, tryAgain } from './try-again.ts';

type Grant = Job['blobs'][number];

const FETCH_TIMEOUT_MS = 60_000;
const PARALLEL_MAX = 8;

export type Fetched =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: RefusalCode; readonly reason: string };

export interface BlobFetcher {
  /** Brings all blobs of a job into the cache of its tenant. After `signal` nothing is waited for. */
  fetchAll(tenant: string, grants: readonly Grant[], signal: AbortSignal): Promise<Fetched>;
}

/** Ends a body that is not the blob, so that nothing of it is kept. */
class NotTheBlob extends Error {
  readonly code: 'input_corrupt' | 'input_unavailable';
  constructor(code: 'input_corrupt' | 'input_unavailable', reason: string) {
    super(reason);
    this.code = code;
  }
}

type One = { readonly ok: true } | (TryFailed & { readonly code: RefusalCode; readonly reason: string });

/** One GET into the cache, the answer judged: status, length and SHA-256. It is never held whole. */
async function getBlob(baseUrl: string, tenant: string, grant: Grant, cache: BlobCache): Promise<One> {
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
      againAfterMs: againAfterMs(response),
      reason: `status ${response.status}`,
    };
  }
  await cache.put({ tenant, sha256: grant.sha256 }, judged(response.body, grant));
  return { ok: true };
}

/** The chunks as they come; throws, at the latest after the last of them, where they are not the blob. */
async function* judged(body: AsyncIterable<Uint8Array>, grant: Grant): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  const hash = createHash('sha256');
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > grant.bytes) throw new NotTheBlob('input_corrupt', `it is longer than ${grant.bytes} bytes`);
    hash.update(chunk);
    yield chunk;
  }
  if (bytes !== grant.bytes)
    throw new NotTheBlob('input_unavailable', `it ended after ${bytes} of ${grant.bytes} bytes`);
  if (hash.digest('hex') !== grant.sha256)
    throw new NotTheBlob('input_corrupt', 'its bytes have another SHA-256');
}

export function blobFetcher(baseUrl: string, cache: BlobCache): BlobFetcher {
  /** One fetch of a blob at a time; others that want it wait for that one. It is not ended by one waiter's signal. */
  const underway = new Map<string, Promise<Fetched>>();

  const tryToGet = (tenant: string, grant: Grant): Promise<One> =>
    getBlob(baseUrl, tenant, grant, cache).catch((error: Error): One => {
      const code = error instanceof NotTheBlob ? error.code : 'input_unavailable';
      return {
        ok: false,
        code,
        againAfterMs: code === 'input_unavailable' ? 0 : null,
        reason: error.message,
      };
    });

  const fetchOne = async (tenant: string, grant: Grant): Promise<Fetched> => {
    const got = await tryAgain(() => tryToGet(tenant, grant));
    if (got.ok) return got;
    const { code, reason } = got;
    return { ok: false, code, reason: `blob ${grant.sha256.slice(0, 12)} could not be fetched: ${reason}` };
  };

  const need = async (tenant: string, grant: Grant): Promise<Fetched> => {
    const key = `${tenant}/${grant.sha256}`;
    for (;;) {
      if (await cache.has({ tenant, sha256: grant.sha256 })) return { ok: true };
      const others = underway.get(key);
      if (others === undefined) break;
      // Theirs may be refused with an attempt that is over meanwhile: each asks with a capability of its own.
      if ((await others).ok) return { ok: true };
    }
    const fetching = fetchOne(tenant, grant).finally(() => underway.delete(key));
    underway.set(key, fetching);
    return fetching;
  };

  return {
    async fetchAll(tenant, grants, signal) {
      const queue = [...grants];
      let problem: Fetched = { ok: true };
      const given = giveUpOn(signal);
      const work = async (): Promise<void> => {
        for (let grant = queue.shift(); grant !== undefined; grant = queue.shift()) {
          if (!problem.ok) return;
          const fetched = await Promise.race([need(tenant, grant), given.up]);
          if (!fetched.ok) problem = fetched;
        }
      };
      await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, grants.length) }, work));
      given.forget();
      return problem;
    },
  };
}

/** What comes of a wait that `signal` ends; the fetch itself goes on for whoever else wants the blob. */
function giveUpOn(signal: AbortSignal): { readonly up: Promise<Fetched>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<Fetched>();
  const onAbort = () =>
    resolve({ ok: false, code: 'input_unavailable', reason: 'it was given up before it began' });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  return { up: promise, forget: () => signal.removeEventListener('abort', onAbort) };
}
