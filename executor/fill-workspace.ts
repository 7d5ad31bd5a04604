import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import type { Job } from '../protocol/messages.ts';
import type { BlobCache } from './blob-cache.ts';
import type { Folders } from './sandbox/engine.ts';

export type Filled = { readonly ok: true } | { readonly ok: false; readonly reason: string };

const PARALLEL_MAX = 64;

interface Placed {
  readonly path: string;
  readonly sha256: string;
}

/** Where each pinned file goes on the host; null where a path would leave its folder. Pure. */
export function placeFiles(folders: Folders, job: Job): Placed[] | null {
  const placed: Placed[] = [];
  for (const file of job.manifest.files) {
    if (!staysInside(file.path)) return null;
    placed.push({ path: join(folders.repo, file.path), sha256: file.sha256 });
  }
  for (const data of job.manifest.data) {
    if (!staysInside(data.name) || data.name.includes('/')) return null;
    placed.push({ path: join(folders.data, data.name, `data.${data.format}`), sha256: data.sha256 });
  }
  return placed;
}

/** The worker checks paths as well; here a mistake of it would write to the host. */
function staysInside(path: string): boolean {
  return (
    path !== '' &&
    !path.includes('\0') &&
    !posix.isAbsolute(path) &&
    posix.normalize(path) === path &&
    path.split('/').every((part) => part !== '..' && part !== '.' && part !== '')
  );
}

/** Puts a run's files into the folders of a waiting sandbox; they appear inside at once. */
export async function fillWorkspace(folders: Folders, job: Job, cache: BlobCache): Promise<Filled> {
  const placed = placeFiles(folders, job);
  if (placed === null) return { ok: false, reason: 'the manifest names a path outside of the project' };
  // At once: to hand one small file to another thread and back takes longer than to write it.
  const parameters = JSON.stringify(job.manifest.parameters);
  writeFileSync(join(folders.inputs, 'parameters.json'), parameters, { flag: 'wx', mode: 0o444 });
  const parents = new Set(placed.map((file) => dirname(file.path)));
  parents.delete(folders.repo);
  for (const parent of [...parents].sort()) await mkdir(parent, { recursive: true, mode: 0o755 });
  const queue: (() => Promise<boolean>)[] = placed.map((file) => async () => {
    const inline = job.inline[file.sha256];
    if (inline === undefined) return cache.lend({ tenant: job.tenant, sha256: file.sha256 }, file.path);
    const bytes = Buffer.from(inline, 'base64');
    if (createHash('sha256').update(bytes).digest('hex') !== file.sha256) return false;
    await writeFile(file.path, bytes, { flag: 'wx', mode: 0o444 });
    return true;
  });
  let isWhole = true;
  const work = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift())
      isWhole = (await next()) && isWhole;
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL_MAX, queue.length) }, work));
  return isWhole
    ? { ok: true }
    : { ok: false, reason: 'a file of the run is neither cached nor sent with it' };
}
