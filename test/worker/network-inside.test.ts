import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { printWorkerdConfig } from '../../infra/workerd/config.ts';

const WORKERD = join(ROOT_DIR, 'node_modules/@cloudflare/workerd-linux-64/bin/workerd');
const PROBE = `export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    const send = searchParams.get('by') === 'outbound' ? (to) => env.OUTBOUND.fetch(to) : fetch;
    try {
      return new Response(await (await send(searchParams.get('to'))).text());
    } catch {
      return new Response('refused');
    }
  },
};`;

const dir = mkdtempSync(join(tmpdir(), 'causeway-network-'));
let inside: Server;
let insidePort: number;
let asked = 0;
let workerd: ChildProcess;
let probe: string;

/** A Worker of one line with the ways out that a real one has, as the launcher writes them. */
async function configOfProbe(): Promise<string> {
  const address = `127.0.0.1:${await findFreePort()}`;
  const spec = {
    modules: [],
    compatibilityDate: '2026-11-01',
    compatibilityFlags: [],
    settings: [],
    address,
  };
  const paths = { cronSocket: 'x', cronFile: 'x', durableObjectsDir: 'x', blobsDir: 'x' };
  const services = printWorkerdConfig({ ...spec, ...paths })
    .split('\n')
    .filter((line) => /name = "(internet|outbound)", network/.test(line));
  expect(services).toHaveLength(2);
  probe = `http://${address}`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "worker", worker = .worker), ${services.join('\n')}],
  sockets = [(name = "http", address = "${address}", http = (), service = "worker")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [(name = "probe.js", esModule = embed "probe.js")],
  bindings = [(name = "OUTBOUND", service = "outbound")],
);
`;
}

const reach = async (by: 'internet' | 'outbound', host: string) => {
  const to = encodeURIComponent(`http://${host}:${insidePort}/`);
  return (await fetch(`${probe}/?by=${by}&to=${to}`)).text();
};

beforeAll(async () => {
  inside = createServer((_request, response) => {
    asked += 1;
    response.end('secret of this machine');
  });
  await new Promise<void>((resolve) => inside.listen(0, '127.0.0.1', resolve));
  insidePort = (inside.address() as { port: number }).port;
  writeFileSync(join(dir, 'probe.js'), PROBE);
  writeFileSync(join(dir, 'config.capnp'), await configOfProbe());
  workerd = spawn(WORKERD, ['serve', join(dir, 'config.capnp')], { stdio: 'ignore' });
  await vi.waitFor(async () => expect((await fetch(probe)).status).toBe(200), { timeout: 20_000 });
});
afterAll(() => {
  workerd?.kill('SIGKILL');
  inside?.close();
  rmSync(dir, { recursive: true, force: true });
});

describe('what a Worker fetches for somebody', () => {
  test.each(['127.0.0.1', 'localhost'])(
    'does not reach %s, to which a name of Mallory’s may lead',
    async (host) => {
      expect(await reach('internet', host)).not.toContain('secret of this machine');
      expect(asked).toBe(0);
    },
  );

  test('is stopped by that way out alone: the other one leads to this machine', async () => {
    expect(await reach('outbound', 'localhost')).toBe('secret of this machine');
  });
});
