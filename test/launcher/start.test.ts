import { existsSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { causeway } from '../support/causeway.ts';
import { launchUp, pressCtrlC } from '../support/launcher.ts';

async function isHealthy(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/healthz`)).ok;
}

test('two stacks run side by side, and the end of one leaves the other alone', async () => {
  const ann = await launchUp();
  const ben = await launchUp();
  const [annConnection, benConnection] = await Promise.all([ann.ready, ben.ready]);
  expect(annConnection.apiToken).not.toBe(benConnection.apiToken);
  pressCtrlC(ann);
  await ann.ended;
  expect(await isHealthy(ben.port)).toBe(true);
});

test('a second start has the same token, which only its owner can read', async () => {
  const first = await launchUp({ slots: 0 });
  const { apiToken } = await first.ready;
  expect(statSync(join(first.stateDir, 'connection.json')).mode & 0o777).toBe(0o600);
  pressCtrlC(first);
  await first.ended;
  const second = await launchUp({ slots: 0, stateDir: first.stateDir });
  expect((await second.ready).apiToken).toBe(apiToken);
});

test('a stack whose development tenant was deleted starts with another', async () => {
  const first = await launchUp({ slots: 0 });
  const { apiToken } = await first.ready;
  const tenant = async (...args: readonly string[]) => {
    const done = await causeway(['tenant', ...args, '--state', first.stateDir, '--json']);
    expect(done, done.stderr).toMatchObject({ code: 0 });
    return JSON.parse(done.stdout);
  };
  const [{ tenant_id: id }] = await tenant('list');
  await tenant('delete', id, '--name', 'Development', '--now');
  pressCtrlC(first);
  await first.ended;
  const second = await launchUp({ slots: 0, stateDir: first.stateDir });
  expect((await second.ready).apiToken).not.toBe(apiToken);
  expect(await tenant('list')).toEqual([
    expect.objectContaining({ name: 'Development', status: 'active' }),
    expect.objectContaining({ tenant_id: id, status: 'deleted' }),
  ]);
});

test('a key that signs access tokens is rotated where no stack runs, which the next start serves; an empty folder is told', async () => {
  const first = await launchUp({ slots: 0 });
  await first.ready;
  pressCtrlC(first);
  await first.ended;
  const rotate = async () => {
    const rotated = await causeway(['keys', 'rotate', '--now', '--state', first.stateDir, '--json']);
    expect(rotated, rotated.stderr).toMatchObject({ code: 0 });
    return JSON.parse(rotated.stdout) as { key: string; retired: number };
  };
  await rotate();
  const { key, retired } = await rotate();
  expect(retired).toBe(1);
  const second = await launchUp({ slots: 0, stateDir: first.stateDir });
  await second.ready;
  const served = await (await fetch(`http://127.0.0.1:${second.port}/oauth/jwks`)).json();
  expect(served).toMatchObject({ keys: [{ kid: key }] });
  const empty = await causeway(['keys', 'rotate', '--state', join(first.stateDir, 'none')]);
  expect(empty).toMatchObject({ code: 1 });
  expect(empty.stderr).toContain('no stack was ever started in');
  expect(existsSync(join(first.stateDir, 'none'))).toBe(false);
});

test('a stack that serves TLS is believed by the commands of its folder, and by nobody who names its address', async () => {
  const { ready, stateDir } = await launchUp({ slots: 0, tls: true });
  const { issuer } = await ready;
  const doctor = (...args: readonly string[]) => causeway(['doctor', '--state', stateDir, ...args]);
  expect(await doctor()).toMatchObject({ code: 0, stdout: expect.stringContaining('says that all is well') });
  expect(await doctor('--url', issuer)).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('its certificate comes without those between it and its authority'),
  });
});

test('a port in use is named with who listens there and another port', async () => {
  const squatter = createServer();
  const port = await new Promise<number>((resolve) => {
    squatter.listen(0, '127.0.0.1', () => {
      const address = squatter.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  try {
    const up = await launchUp({ port });
    expect((await up.ended).code).toBe(1);
    expect(up.output()).toContain(`Port ${port} on 127.0.0.1 is in use.`);
    expect(up.output()).toContain(`process ${process.pid} listens there`);
    expect(up.output()).toContain(`--port ${port + 1}`);
  } finally {
    squatter.close();
  }
});

test('a state folder in use is refused with its owner, who goes on', async () => {
  const owner = await launchUp({ slots: 0 });
  await owner.ready;
  const intruder = await launchUp({ slots: 0, stateDir: owner.stateDir });
  expect((await intruder.ended).code).toBe(1);
  expect(intruder.output()).toContain(`process ${owner.pid} runs a stack in it`);
  expect(await isHealthy(owner.port)).toBe(true);
});
