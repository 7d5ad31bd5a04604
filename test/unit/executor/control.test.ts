import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { askDaemon, type DaemonStatus, openControl } from '../../../executor/control.ts';
import { statusText } from '../../../executor/host/show-status.ts';

const STATUS: DaemonStatus = {
  ...{ pid: 1, version: '0', url: 'https://causeway.example', executor: 'exe', pool: 'pol', connected: true },
  ...{
    draining: false,
    says: null,
    refused_status: null,
    trouble: null,
    key_days: 12,
    key_trouble: null,
    runs: 1,
    slots: 2,
    engine: 'gvisor',
    engine_version: '1',
    image: 'sha256:a',
  },
};

async function control(status: DaemonStatus) {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-control-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  let drains = 0;
  const close = await openControl(dir, { status: () => status, drain: () => drains++ });
  return { dir, close, drains: () => drains };
}

it('a daemon answers on its own host, and ends although Mallory holds an end of its socket and says nothing', async () => {
  const { dir, close, drains } = await control(STATUS);
  const held = createConnection(join(dir, 'control.sock'));
  await once(held, 'connect');
  expect(await askDaemon(dir, 'status')).toEqual(STATUS);
  expect(drains()).toBe(0);
  await askDaemon(dir, 'drain');
  expect(drains()).toBe(1);
  await Promise.all([close(), once(held, 'close')]);
  expect(await askDaemon(dir, 'status')).toBeNull();
});

it('status tells an operator why a host takes no runs', () => {
  const full = { ...STATUS, draining: true, says: 'the disk of its state has 3 MiB free, less than 64' };
  expect(statusText(full, null)).toContain(
    'connected, takes no runs for now: the disk of its state has 3 MiB free, less than 64',
  );
  expect(statusText({ ...STATUS, draining: true }, null)).toContain(
    'connected, draining: it takes no further runs, and ends when it has none',
  );
  const cutOff = { ...STATUS, connected: false, refused_status: 401 };
  expect(statusText(cutOff, null)).toMatch(/refused \(401\).*revoked.*join anew/);
  expect(statusText({ ...cutOff, refused_status: null }, null)).toContain(
    'not connected; it dials again by itself',
  );
  expect(statusText({ ...cutOff, refused_status: 503 }, null)).toContain(
    'refused (503): the deployment serves nobody for now, and its /healthz says why; it dials again by itself',
  );
  const old = { ...STATUS, key_days: 310, key_trouble: 'the deployment answered 503.' };
  expect(statusText(old, null)).toContain(
    'connected, its key grows old and could not be exchanged: the deployment answered 503.',
  );
  expect(statusText(old, null)).toMatch(/^key +310 days old$/m);
  const away = { ...STATUS, connected: false, trouble: 'the deployment cannot be reached (ECONNREFUSED)' };
  expect(statusText(away, null)).toContain(
    'not connected: the deployment cannot be reached (ECONNREFUSED); it dials again by itself',
  );
});
