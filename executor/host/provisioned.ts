import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { debianMirrorOf, indexTargetsFormat } from '../../infra/sandbox-image/apt/debian-mirror.ts';
import { committedLock } from '../../infra/sandbox-image/ensure-image.ts';
import { runCommand } from '../../infra/sandbox-image/run-command.ts';
import { findImageOf } from '../../infra/sandbox-image/store/image-store.ts';
import { inputsKey } from '../../infra/sandbox-image/store/inputs-key.ts';

const COMMAND_TIMEOUT_MS = 30_000;

/** Whether the image of this program and a runsc are in the cache, so that nothing has to be fetched. */
export async function isProvisioned(cacheDir: string): Promise<boolean> {
  const inputs = await inputsKey(dirname(committedLock), await readFile(committedLock, 'utf8'));
  const [image, versions] = await Promise.all([
    findImageOf(cacheDir, inputs),
    readdir(join(cacheDir, 'runsc')).catch(() => []),
  ]);
  const hasRunsc = versions.some((name) => /^\d{8}\.\d+$/.test(name));
  return image !== undefined && (hasRunsc || process.env.CAUSEWAY_RUNSC !== undefined);
}

/** Whether provisioning finds a Debian archive, of the host's apt or by CAUSEWAY_DEBIAN_MIRROR. */
export async function namesDebianArchive(): Promise<boolean> {
  if (process.env.CAUSEWAY_DEBIAN_MIRROR) return true;
  const args = ['indextargets', '--format', indexTargetsFormat];
  const { stdout } = await runCommand('apt-get', args, { timeoutMs: COMMAND_TIMEOUT_MS });
  try {
    debianMirrorOf(stdout);
    return true;
  } catch {
    return false;
  }
}
