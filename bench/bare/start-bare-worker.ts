import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { extname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { childEnvironment } from '../../cli/stack/child-environment.ts';
import { startGuardian } from '../../cli/stack/guardian.ts';
import { startProcess } from '../../cli/stack/start-process.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { printBareConfig } from './print-bare-config.ts';

const run = promisify(execFile);
const BUNDLE_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 50;
const WORKERD = join(ROOT_DIR, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');
const WRANGLER = join(ROOT_DIR, 'node_modules/wrangler/bin/wrangler.js');
const KINDS: Readonly<Record<string, 'esModule' | 'wasm' | 'text'>> = {
  '.js': 'esModule',
  '.wasm': 'wasm',
  '.py': 'text',
  '.md': 'text',
};

export interface BareWorker {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface BareWorkerWish {
  /** Its source with a `wrangler.toml`, from the root of the repository. */
  readonly folder: string;
  /** The path at which it answers when it serves; `/hello` by default. */
  readonly answersAt?: string;
  /** Text bindings. */
  readonly settings: Readonly<Record<string, string>>;
  /** The blobs of the stack beside which it runs, where it reads any. */
  readonly blobsDir?: string;
  /** Bindings of Durable Objects and their classes. */
  readonly durableObjects?: Readonly<Record<string, string>>;
}

/** Starts a Worker with parts of the real one, on a plain workerd of its own. */
export async function startBareWorker({
  folder,
  answersAt = '/hello',
  settings,
  blobsDir,
  durableObjects = {},
}: BareWorkerWish): Promise<BareWorker> {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-bare-'));
  const guardian = await startGuardian();
  const clean = async (): Promise<void> => {
    await guardian.release();
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    const bundleDir = join(dir, 'bundle');
    await run(
      process.execPath,
      [
        WRANGLER,
        'deploy',
        '--dry-run',
        '--config',
        resolve(ROOT_DIR, folder, 'wrangler.toml'),
        '--outdir',
        bundleDir,
      ],
      { cwd: resolve(ROOT_DIR, folder), env: childEnvironment(dir), timeout: BUNDLE_TIMEOUT_MS },
    );
    const port = await findFreePort();
    mkdirSync(join(dir, 'objects'));
    const configFile = join(dir, 'bare.capnp');
    writeFileSync(
      configFile,
      printBareConfig({
        modules: readdirSync(bundleDir).flatMap((file) => {
          const kind = KINDS[extname(file)];
          return kind === undefined ? [] : [{ name: file, file: `bundle/${file}`, kind }];
        }),
        settings: Object.keys(settings),
        durableObjects,
        ...(blobsDir === undefined ? {} : { blobsDir }),
        address: `127.0.0.1:${port}`,
      }),
    );
    const worker = await startProcess({
      title: 'The bare Worker',
      command: WORKERD,
      args: ['serve', configFile],
      env: childEnvironment(dir, settings),
      cwd: dir,
      logFile: join(dir, 'bare.log'),
      guardian,
      signal: new AbortController().signal,
    });
    await untilAnswering(port, answersAt);
    const stop = async (): Promise<void> => {
      await worker.stop();
      await clean();
    };
    return { port, pid: worker.pid, stop };
  } catch (thrown) {
    await clean();
    throw thrown;
  }
}

async function untilAnswering(port: number, path: string): Promise<void> {
  const untilMs = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => null);
    if (answer?.ok) return;
    if (performance.now() > untilMs) throw new Error('the bare Worker does not answer');
    await delay(POLL_MS);
  }
}
