import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { appendFile, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import type { Progress } from '../../infra/sandbox-image/progress.ts';
import type { SandboxImage } from '../../infra/sandbox-image/store/image-store.ts';
import { digestTree, writeArchive } from '../../infra/sandbox-image/tree/canonical-tar.ts';
import { buildTimeoutMs, cacheDir, freshStateDir, stateDirWith } from './image-cache.ts';

const builder = path.resolve(import.meta.dirname, '../../infra/sandbox-image/build.ts');

let image: SandboxImage;

beforeAll(async () => {
  image = await ensureImage({ stateDir: cacheDir });
});

/** Starts a build in another process and kills it, with no chance to tidy up, while it compiles. */
async function buildAndKill(stateDir: string): Promise<void> {
  const child = spawn(process.execPath, [builder, '--state', stateDir], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  child.stderr.on('data', (chunk: Buffer) => {
    if (chunk.includes('compiling modules')) child.kill('SIGKILL');
  });
  const [, signal] = await once(child, 'close');
  expect(signal).toBe('SIGKILL');
}

test('a killed build leaves no image, and the next one, asked for twice at once, builds once and has the same digest', {
  timeout: buildTimeoutMs,
}, async () => {
  const stateDir = await stateDirWith('debs', 'wheels');
  await buildAndKill(stateDir);
  const left = await readdir(path.join(stateDir, 'images'));
  expect(left.filter((name) => !name.startsWith('.building-'))).toEqual([]);

  const steps: Progress[] = [];
  const onProgress = (progress: Progress) => steps.push(progress);
  const [first, second] = await Promise.all([
    ensureImage({ stateDir, onProgress }),
    ensureImage({ stateDir, onProgress }),
  ]);
  expect(first.digest).toBe(image.digest);
  expect(second).toEqual(first);
  expect(steps.filter(({ step }) => step === 'digest')).toHaveLength(1);
  expect(await readdir(path.join(stateDir, 'images'))).toHaveLength(2);

  const archive = path.join(stateDir, 'image.tar.gz');
  await writeArchive(first.rootfsDir, first.digest, archive);
  const hash = createHash('sha256');
  await pipeline(createReadStream(archive), createGunzip(), hash);
  expect(`sha256:${hash.digest('hex')}`).toBe(first.digest);
});

test('the archive of a tree that somebody changed is refused, and leaves no file', async () => {
  const stateDir = await freshStateDir();
  const root = path.join(stateDir, 'rootfs');
  await mkdir(root);
  await writeFile(path.join(root, 'hosts'), '127.0.0.1 localhost\n');
  const { digest } = await digestTree(root);
  const archive = path.join(stateDir, 'image.tar.gz');
  expect(await writeArchive(root, digest, archive)).toMatchObject({ digest });
  await rm(archive);
  await appendFile(path.join(root, 'hosts'), '10.0.0.1 mallory\n');
  await expect(writeArchive(root, digest, archive)).rejects.toMatchObject({ code: 'hash_mismatch' });
  expect(await readdir(stateDir)).toEqual(['rootfs']);
});

test('a second call builds nothing and says nothing', async () => {
  const steps: Progress[] = [];
  const again = await ensureImage({ stateDir: cacheDir, onProgress: (progress) => steps.push(progress) });
  expect(again).toEqual(image);
  expect(steps).toEqual([]);
});
