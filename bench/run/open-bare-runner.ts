import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { CACHE_DIR } from '../../cli/stack/state-paths.ts';
import { unmountUnder } from '../../executor/sandbox/mounts.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import type { InputFile } from './place-inputs.ts';

const execute = promisify(execFile);
const RUN_TIMEOUT_MS = 60_000;
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

export interface BareRunner {
  /** Runs `/repo/<entry>` with nothing around it; milliseconds from the spawn to its end. */
  run(entry: string): Promise<number>;
  close(): Promise<void>;
}

/**
 * The image's own Python as a plain process: a new root, and no namespace, limit or kernel of its own. All runs share one
 * set of folders, so nothing is made or removed for one.
 */
export async function openBareRunner(files: readonly InputFile[]): Promise<BareRunner> {
  const image = await ensureImage({ stateDir: CACHE_DIR });
  const dir = await mkdtemp(join(tmpdir(), 'causeway-bare-'));
  const [layer, root] = [join(dir, 'layer'), join(dir, 'root')];
  await mkdir(layer);
  await mkdir(root);
  const mount = (...args: string[]) => execute('mount', args, { env: { PATH } });
  await mount('-t', 'tmpfs', 'causeway-bench', layer);
  await mkdir(join(layer, 'upper'));
  await mkdir(join(layer, 'work'));
  const layers = `lowerdir=${image.rootfsDir},upperdir=${join(layer, 'upper')},workdir=${join(layer, 'work')}`;
  await mount('-t', 'overlay', '-o', layers, 'causeway-bench', root);
  for (const { path, text } of files) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
  return {
    async run(entry) {
      const startedMs = performance.now();
      const args = [root, '/usr/bin/python3', `/repo/${entry}`];
      // The seeds and threads that runs have.
      const env = { ...image.manifest.environment, PYTHONHASHSEED: '0', OMP_NUM_THREADS: '1' };
      await execute('/usr/sbin/chroot', args, { env, timeout: RUN_TIMEOUT_MS });
      return performance.now() - startedMs;
    },
    async close() {
      await unmountUnder(dir);
      await rm(dir, { recursive: true, force: true });
    },
  };
}
