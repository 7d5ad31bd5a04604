import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT_DIR } from '../../../cli/stack/state-paths.ts';
import { lastWords, runCommand, succeeded } from '../../../infra/sandbox-image/run-command.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

/** The folder with moto and what it needs, by the lock beside this file; made once, in half a minute. */
export async function ensureMoto(): Promise<string> {
  const digest = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 16);
  const folder = join(ROOT_DIR, `.causeway/cache/moto-${digest}`);
  if (existsSync(folder)) return folder;
  mkdirSync(join(ROOT_DIR, '.causeway/cache'), { recursive: true });
  const draft = `${folder}.${randomBytes(4).toString('hex')}`;
  const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', '--no-deps'];
  const exact = ['--only-binary=:all:', '--require-hashes', '--target', draft, '--requirement', REQUIREMENTS];
  const installed = await runCommand('python3', [...args, ...exact], { timeoutMs: 10 * 60_000 });
  if (!succeeded(installed)) {
    rmSync(draft, { recursive: true, force: true });
    throw new Error(`moto cannot be installed from the Python index:\n${lastWords(installed)}`);
  }
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another test was first; both made the same.
    rmSync(draft, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
  return folder;
}
