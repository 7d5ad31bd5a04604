import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import type { SandboxImage } from '../../infra/sandbox-image/store/image-store.ts';

export interface Inside {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What was written to the progress descriptor. */
  readonly progress: string;
  /** The folder of the host that was /outputs. */
  readonly outputs: string;
}

/** Mounts are private to this process and end with it, so that the shared root stays as it is. */
const enter = `set -e
root=$1; given=$2; shift 2
mount -t tmpfs -o mode=1777,size=64m tmpfs "$root/tmp"
for folder in data inputs outputs; do mount --bind "$given/$folder" "$root/$folder"; done
exec chroot --userspec=65532:65532 "$root" /usr/bin/python3.13 "$@"`;

/**
 * Runs Python code in the image, as its user and without a network. This tests the image; isolation is what the engine's own
 * tests are about.
 * @param files what stands below /data and /inputs, by path such as `data/sales/data.csv`
 */
export async function runInImage(
  image: SandboxImage,
  code: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
  env: Readonly<Record<string, string>> = {},
): Promise<Inside> {
  const given = await mkdtemp(path.join(tmpdir(), 'causeway-image-'));
  onTestFinished(() => rm(given, { recursive: true, force: true }));
  for (const folder of ['data', 'inputs', 'outputs']) await mkdir(path.join(given, folder));
  await chmod(path.join(given, 'outputs'), 0o777);
  for (const [file, content] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(given, file)), { recursive: true });
    await writeFile(path.join(given, file), content);
  }
  const child = spawn(
    'unshare',
    ['--net', '--mount', 'sh', '-c', enter, 'sh', image.rootfsDir, given, '-c', code],
    {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: {
        ...image.manifest.environment,
        PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
        CAUSEWAY_PROGRESS_FD: '3',
        ...env,
      },
      timeout: 120_000,
    },
  );
  const closed = new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  const [stdout, stderr, progress] = await Promise.all(
    child.stdio.slice(1, 4).map((stream) => text(stream as Readable)),
  );
  const exitCode = await closed;
  return {
    exitCode,
    stdout: stdout ?? '',
    stderr: stderr ?? '',
    progress: progress ?? '',
    outputs: path.join(given, 'outputs'),
  };
}
