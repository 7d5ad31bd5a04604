import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { abstractName } from '../../cli/stack/abstract-name.ts';
import { prepareBundle } from '../../cli/stack/parts/start-workerd.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { printWorkerdConfig } from '../../infra/workerd/config.ts';

const WORKERD = join(ROOT_DIR, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');
const KEY = 'k'.repeat(43);
/** A deployment that was given what `./causeway up` gives. Nothing listens where its database is: it is not asked. */
const SETTINGS = {
  PUBLIC_URL: 'https://causeway.example.com',
  DATABASE_URL: 'postgres://causeway_app:x@127.0.0.1:1/causeway',
  DATABASE_HTTP_URL: 'http://127.0.0.1:1/sql',
  CONTEXT_KEY: KEY,
  SEAL_KEY: KEY,
  LOOPBACK_ORIGINS: 'http://127.0.0.1:9000',
};

const dir = mkdtempSync(join(tmpdir(), 'causeway-settings-'));
let workerd: ChildProcess;
let url: string;

beforeAll(async () => {
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
    settings: Object.keys(SETTINGS),
    address,
    cronSocket: abstractName('cron', dir),
    cronFile: relative(dir, join(ROOT_DIR, 'infra/workerd/cron.mjs')),
    durableObjectsDir,
    blobsDir,
  });
  writeFileSync(join(dir, 'workerd.capnp'), config);
  const args = ['serve', '--experimental', join(dir, 'workerd.capnp')];
  workerd = spawn(WORKERD, args, { env: SETTINGS, stdio: 'ignore' });
  url = `http://${address}`;
  await vi.waitFor(() => fetch(url), { timeout: 30_000, interval: 100 });
});
afterAll(() => {
  workerd?.kill('SIGKILL');
  rmSync(dir, { recursive: true, force: true });
});

test.each(['/', '/healthz', '/mcp', '/login', '/oauth/authorize?client_id=http://127.0.0.1:9000/c.json'])(
  'a deployment that names origins of this machine serves nothing, and says why, at %s',
  async (path) => {
    const response = await fetch(`${url}${path}`, { redirect: 'manual' });
    expect(response.status).toBe(503);
    const { error } = (await response.json()) as { error: { details: { findings: readonly string[] } } };
    expect(error.details.findings).toEqual([
      expect.stringMatching(/LOOPBACK_ORIGINS.*PUBLIC_URL is not http on loopback: remove/),
    ]);
  },
);
