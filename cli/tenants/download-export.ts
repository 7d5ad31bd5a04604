import { existsSync } from 'node:fs';
import { open, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { readJson } from '../../worker/input/parse-json.ts';
import type { WholeManifest } from '../../worker/tenants/export/manifest.ts';
import { NEXT_PART } from '../../worker/tenants/export/next-part.ts';
import { Failure } from '../terminal/failure.ts';
import { askWorker, type WorkerCall } from './ask-worker.ts';
import { type ArchiveRead, BadArchive, readArchive } from './read-archive.ts';

/** Beside a draft: where its next part begins, and behind which byte it is to be put. */
const progressSchema = z.object({ offset: z.number().int().min(0), next: z.string() });

/**
 * Writes everything of a tenant into a file, part by part, each held against its manifest before the next is asked for. The
 * file appears when it is whole. Interrupted, the next call with the same file goes on behind the last part that is whole.
 */
export async function downloadExport(
  call: WorkerCall,
  file: string,
  say: (doing: string) => void,
): Promise<WholeManifest> {
  const [draft, progress] = [`${file}.part`, `${file}.part.next`];
  let { read, next } = await resume(draft, progress);
  while (read.whole === null) {
    next = await fetchPart(call, draft, read, next);
    read = await readArchive(draft);
    if (read.whole === null && next === null) throw broken('the Worker ended it before it was whole');
    if (next !== null)
      await writeFile(progress, JSON.stringify({ offset: read.offset, next }), { mode: 0o600 });
    say(`${read.chain.files} files, ${Math.round(read.chain.bytes / 1024 / 1024)} MiB`);
  }
  if (read.whole.tenant !== call.tenant) throw broken(`it is of ${read.whole.tenant}`);
  await rename(draft, file);
  await rm(progress, { force: true });
  return read.whole;
}

async function resume(draft: string, progress: string): Promise<{ read: ArchiveRead; next: string | null }> {
  const stored = existsSync(progress) ? readJson(await readFile(progress)) : null;
  const known = progressSchema.safeParse(stored?.ok === true ? stored.value : null);
  if (known.success && existsSync(draft)) {
    const read = await readArchive(draft, known.data.offset).catch(rethrowUnlessBad);
    if (read?.offset === known.data.offset) {
      await truncate(draft, read.offset);
      return { read, next: known.data.next };
    }
  }
  await writeFile(draft, '', { mode: 0o600 });
  return { read: await readArchive(draft), next: null };
}

function rethrowUnlessBad(error: unknown): null {
  if (error instanceof BadArchive) return null;
  throw error;
}

/** Appends a part to the draft; where the next begins, or null. */
async function fetchPart(
  call: WorkerCall,
  draft: string,
  { chain, offset }: ArchiveRead,
  from: string | null,
): Promise<string | null> {
  const query = new URLSearchParams({
    parts: String(chain.parts),
    files: String(chain.files),
    bytes: String(chain.bytes),
    missing: String(chain.missing),
    ...(from === null ? {} : { from }),
    ...(chain.previous === null ? {} : { previous: chain.previous }),
  });
  const answered = await askWorker(call, 'export', { method: 'GET', query }).catch((error: unknown) => {
    throw broken(`the Worker was not reached (${error instanceof Error ? error.message : error})`);
  });
  if (!answered.ok || answered.body === null)
    throw refused(answered.status, await answered.text(), draft, from);
  const out = await open(draft, 'r+');
  try {
    let at = offset;
    for await (const chunk of answered.body) {
      await out.write(chunk, 0, chunk.byteLength, at);
      at += chunk.byteLength;
    }
  } catch (error) {
    throw broken(`the connection broke (${error instanceof Error ? error.message : error})`);
  } finally {
    await out.close();
  }
  return answered.headers.get(NEXT_PART);
}

const refusalSchema = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** What the Worker said in place of a part. A place in the export that it does not take is none the next time either. */
function refused(status: number, body: string, draft: string, from: string | null): Failure {
  const read = readJson(new TextEncoder().encode(body));
  const said = refusalSchema.safeParse(read.ok ? read.value : null);
  const error = said.success ? said.data.error : null;
  if (from !== null && error?.code === 'invalid_arguments')
    return new Failure({
      what: 'The export does not go on where it ended.',
      why: 'the Worker does not know that place any more: a month is over since, or SEAL_KEY was changed',
      remedy: `begin anew: rm ${draft} ${draft}.next, and call it again`,
    });
  return broken(`the Worker answered ${status}: ${error?.message ?? body.slice(0, 300).trim()}`);
}

function broken(why: string): Failure {
  return new Failure({
    what: 'The export is not whole.',
    why,
    remedy: 'call it again with the same --out: it goes on where it ended',
  });
}
