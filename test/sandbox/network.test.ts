import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { attack, gotThrough } from '../support/attack-files.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

/** Listeners on every address of the host: what reaches one of them got out of the sandbox. */
async function startListeners() {
  let reached = 0;
  const heard = () => {
    reached += 1;
  };
  const folder = await mkdtemp(join(tmpdir(), 'causeway-listen-'));
  const tcp = createServer(heard);
  await new Promise<void>((resolve) => tcp.listen(0, '::', resolve));
  const abstract = createServer(heard);
  const abstractName = `causeway-test-${process.pid}`;
  await new Promise<void>((resolve) => abstract.listen(`\0${abstractName}`, resolve));
  const unix = createServer(heard);
  const unixPath = join(folder, 'socket');
  await new Promise<void>((resolve) => unix.listen(unixPath, resolve));
  const udp = createSocket('udp4', heard);
  await new Promise<void>((resolve) => udp.bind(0, '0.0.0.0', resolve));
  const hosts = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family }) => family === 'IPv4')
    .map(({ address }) => address);
  return {
    tcp: hosts.map((host) => [host, (tcp.address() as AddressInfo).port]),
    udp: hosts.map((host) => [host, udp.address().port]),
    names: [abstractName, unixPath],
    reached: () => reached,
    async close() {
      udp.close();
      for (const server of [tcp, abstract, unix]) server.close();
      await rm(folder, { recursive: true });
    },
  };
}

describe("Mallory's program has no network but its own loopback", () => {
  let host: SandboxHost;
  let listeners: Awaited<ReturnType<typeof startListeners>>;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 0 });
    listeners = await startListeners();
  });
  afterAll(async () => {
    await listeners.close();
    await host.stop();
  });

  it('TCP to any address of the host reaches no listener', async () => {
    const finished = await host.run({ ...attack('tcp'), parameters: { targets: listeners.tcp } });
    expect(gotThrough(finished.stdout)).toEqual([]);
    expect(listeners.reached()).toBe(0);
  });

  it('UDP to any address of the host reaches no listener', async () => {
    const finished = await host.run({ ...attack('udp'), parameters: { targets: listeners.udp } });
    expect(finished.outcome.state).toBe('succeeded');
    expect(listeners.reached()).toBe(0);
  });

  it('Unix sockets of the host, abstract or in a folder, cannot be reached', async () => {
    const finished = await host.run({ ...attack('abstract_unix'), parameters: { names: listeners.names } });
    expect(gotThrough(finished.stdout)).toEqual([]);
    expect(listeners.reached()).toBe(0);
  });

  it.each(['dns', 'raw_sockets', 'netlink', 'vsock', 'metadata_address'])('%s is refused', async (name) => {
    const finished = await host.run(attack(name));
    expect(gotThrough(finished.stdout)).toEqual([]);
  });
});
