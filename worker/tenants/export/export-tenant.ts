import { makeCheckpoint, sealAll } from '../../audit/seal-log.ts';
import { sealerOf } from '../../audit/sweep-audit.ts';
import { openTenantFiles } from '../../blobs/open-blob-store.ts';
import type { Query } from '../../database/query.ts';
import { beginExport } from '../../database/tenant-export.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { asPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../principal.ts';
import type { ExportCursor } from './cursor.ts';
import { type Chain, NO_PARTS } from './manifest.ts';
import type { ExportSource } from './read-pages.ts';
import { type ExportPart, readPart, writePart } from './write-part.ts';

/** One part of an export, and where the next begins. */
export interface OpenedPart {
  readonly body: ReadableStream<Uint8Array>;
  readonly next: ExportCursor | null;
}

/** The part of an export that begins at `from` (null: the first), for who holds the chain of those before. */
export async function exportPart(
  platform: Platform,
  principal: Principal,
  from: ExportCursor | null,
  chain: Chain,
): Promise<OpenedPart> {
  const source = sourceOf(platform, principal);
  const part = await readPart(source, from ?? (await begin(platform, source)));
  return { body: streamOf(writePart(writerOf(platform, source), part, chain)), next: part.next };
}

/**
 * Everything of a tenant as one archive, for an owner; refuses everybody else before it begins. Memory holds one part. What
 * fails on the way ends the stream as a failure, and an archive without its manifest is not whole.
 */
export async function exportTenant(
  platform: Platform,
  principal: Principal,
): Promise<ReadableStream<Uint8Array>> {
  const owner = { ...principal, needs: { scopes: [], role: 'owner' as const } };
  const source = sourceOf(platform, owner);
  const first = await asPerson(async () => readPart(source, await begin(platform, source)));
  return streamOf(allParts(platform, source, first));
}

async function* allParts(
  platform: Platform,
  source: ExportSource,
  first: ExportPart,
): AsyncGenerator<Uint8Array> {
  const writer = writerOf(platform, source);
  let part = first;
  let chain = NO_PARTS;
  for (;;) {
    chain = yield* writePart(writer, part, chain);
    if (part.next === null) return;
    part = await readPart(source, part.next);
  }
}

/** Records the export, and seals what happened so that the log in it is whole. */
async function begin(platform: Platform, { ask }: ExportSource): Promise<ExportCursor> {
  const tables = await ask(beginExport());
  const sealer = sealerOf(platform);
  await sealAll(sealer);
  await makeCheckpoint(sealer, 0);
  return { at: 'rows', tables: [...tables], after: null, page: 1 };
}

function sourceOf({ database, blobs, env }: Platform, principal: Principal): ExportSource {
  const tenant = principal.tenantId;
  return {
    tenant,
    ask: async <Result>(question: Query<Result>) =>
      (await withTenant(database, principal, [question] as const))[0],
    files: openTenantFiles(env),
    async readFile(sha256) {
      const blob = await blobs.get({ tenant, sha256 });
      return blob === null ? null : new Uint8Array(await new Response(blob.body).arrayBuffer());
    },
  };
}

function writerOf({ blobs }: Platform, { tenant }: ExportSource) {
  return {
    tenant,
    openBlob: (sha256: string) => blobs.get({ tenant, sha256 }),
    now: Date.now(),
  };
}

/** Pulled as it is read: nothing is made before somebody takes it. */
function streamOf(chunks: AsyncGenerator<Uint8Array, unknown>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(stream) {
      // A pull that gives nothing is not followed by another.
      for (;;) {
        const chunk = await chunks.next();
        if (chunk.done === true) return stream.close();
        if (chunk.value.byteLength > 0) return stream.enqueue(chunk.value);
      }
    },
    async cancel() {
      await chunks.return(undefined);
    },
  });
}
