import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { vi } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { abstractName } from '../../cli/stack/abstract-name.ts';
import { prepareBundle } from '../../cli/stack/parts/start-workerd.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { printWorkerdConfig } from '../../infra/workerd/config.ts';

const WORKERD = join(ROOT_DIR, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');

export interface LoneWorker {
  readonly url: string;
  readonly stop: () => void;
}

/** The Worker as it is deployed on plain workerd, with exactly these settings and nothing else of a stack. */
export async function startLoneWorker(settings: Readonly<Record<string, string>>): Promise<LoneWorker> {
  const dir = mkdtempSync(join(tmpdir(), 'causeway-lone-'));
  const bundle = await prepareBundle('product', join(dir, 'home'));
  const address = `127.0.0.1:${await findFreePort()}`;
  const [durableObjectsDir, blobsDir] = [join(dir, 'objects'), join(dir, 'blobs')];
  for (const made of [durableObjectsDir, blobsDir]) mkdirSync(made);
  const config = printWorkerdConfig({
    modules: bundle.modules.map(({ name, kind }) => ({
      ...{ name, kind },
      file: relative(dir, join(bundle.dir, name)),
    })),
    compatibilityDate: '2026-11-01',
    compatibilityFlags: ['enable_request_signal'],
    settings: Object.keys(settings),
    address,
    cronSocket: abstractName('cron', dir),
    cronFile: relative(dir, join(ROOT_DIR, 'infra/workerd/cron.mjs')),
    durableObjectsDir,
    blobsDir,
  });
  writeFileSync(join(dir, 'workerd.capnp'), config);
  const args = ['serve', '--experimental', join(dir, 'workerd.capnp')];
  const workerd = spawn(WORKERD, args, { env: { ...settings }, stdio: 'ignore' });
  const url = `http://${address}`;
  await vi.waitFor(() => fetch(url), { timeout: 30_000, interval: 100 });
  return {
    url,
    stop() {
      workerd.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
