import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { childEnvironment } from '../child-environment.ts';
import type { Guardian } from '../guardian.ts';
import { logFileOf, type Part } from '../part.ts';
import { writePrivateFile } from '../secrets.ts';
import { startProcess } from '../start-process.ts';
import { CACHE_DIR, ROOT_DIR, type StatePaths } from '../state-paths.ts';
import type { SignedImage } from './prepare-sandbox.ts';

export interface ExecutorOptions {
  readonly paths: StatePaths;
  readonly guardian: Guardian;
  readonly signal: AbortSignal;
  /** The Worker as the executor dials it. */
  readonly url: string;
  /** The authority of the Worker's certificate, where it is none that the system knows. */
  readonly caFile?: string;
  /** PUBLIC_URL, for which an executor signs. */
  readonly publicUrl: string;
  readonly slots: number;
  /** What the sandbox image was signed with. */
  readonly image: SignedImage;
  /** Resolves when the Worker answers; an executor that is known already proves its isolation meanwhile. */
  readonly workerReady: Promise<unknown>;
  /** Mints a one-time join token; asked only where this state folder holds no executor's identity yet. */
  readonly mintJoinToken: () => Promise<string>;
}

/** Long enough for a `--no-worker` start, whose Worker a person starts by hand. */
const READY_TIMEOUT_MS = 120_000;
const identitySchema = z.object({ audience: z.string() });

/** Starts an executor that joins the stack's own Worker. */
export async function startExecutor(options: ExecutorOptions): Promise<Part> {
  const { paths } = options;
  const logFile = logFileOf(paths, 'executor');
  const joinFile = join(paths.executor, 'join-token');
  const isKnown = keepIdentityFor(options.publicUrl, join(paths.executor, 'executor.json'));
  if (!isKnown) {
    await options.workerReady;
    writePrivateFile(joinFile, `${await options.mintJoinToken()}\n`);
  }
  const args = [
    ...['--url', options.url, '--name', 'local'],
    ...['--state', paths.executor, '--cache', CACHE_DIR],
    ...['--slots', String(options.slots)],
    ...['--image-key', options.image.publicKey, '--image-signature', options.image.signatureFile],
    ...(isKnown ? [] : ['--join-token-file', joinFile]),
  ];
  try {
    const handle = await startProcess({
      title: 'The executor',
      command: process.execPath,
      args: ['--disable-warning=ExperimentalWarning', join(ROOT_DIR, 'executor/main.ts'), ...args],
      env: childEnvironment(paths.executor, {
        ...ownRunsc(),
        ...(options.caFile === undefined ? {} : { NODE_EXTRA_CA_CERTS: options.caFile }),
      }),
      cwd: ROOT_DIR,
      logFile,
      guardian: options.guardian,
      signal: options.signal,
      daemon: { readyTimeoutMs: READY_TIMEOUT_MS },
    });
    let wasKilled = false;
    const ended = handle.ended.then((how) => {
      wasKilled = how === 'ended by SIGKILL';
      return how;
    });
    const stop = async (): Promise<void> => {
      await handle.stop();
      await ended;
      if (wasKilled) await (await import('./sweep-executor.ts')).sweepExecutor(args);
    };
    return { name: 'executor', pid: handle.pid, port: null, logFile, ended, stop };
  } finally {
    rmSync(joinFile, { force: true });
  }
}

/** An identity holds for one PUBLIC_URL: under another the executor joins anew. True where there is one that holds. */
function keepIdentityFor(publicUrl: string, file: string): boolean {
  try {
    if (identitySchema.parse(JSON.parse(readFileSync(file, 'utf8'))).audience === publicUrl) return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  rmSync(file);
  return false;
}

function ownRunsc(): Record<string, string> {
  const { CAUSEWAY_RUNSC } = process.env;
  return CAUSEWAY_RUNSC === undefined ? {} : { CAUSEWAY_RUNSC };
}
