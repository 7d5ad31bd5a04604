import { expect, test } from 'vitest';
import { newId } from '../../../protocol/ids.ts';
import { DOWNLOAD_LIFETIME_MS, grant, jobLifetimeMs, open } from '../../../worker/runs/capability.ts';
import { importSealKey } from '../../../worker/seal/seal.ts';

const key = await importSealKey(Buffer.alloc(32, 1).toString('base64url'));
const tenant = newId('tenant');
const claim = { pool: 'pol', tenant, run: newId('run'), fence: 1 };

test('a capability opens for its kind, and says what it was granted for', async () => {
  expect(await open(key, 'run', await grant(key, 'run', claim, 1000))).toEqual({ ok: true, claim });
});

test('a capability to read is none to write, and the reverse', async () => {
  const toRead = await grant(key, 'blob:get', claim, 1000);
  expect(await open(key, 'run', toRead)).toEqual({ ok: false, reason: 'forged' });
  expect(await open(key, 'blob:get', await grant(key, 'run', claim, 1000))).toEqual({
    ok: false,
    reason: 'forged',
  });
});

test('a capability of another deployment, a changed one and none at all are refused', async () => {
  const granted = await grant(key, 'run', claim, 1000);
  const otherKey = await importSealKey(Buffer.alloc(32, 2).toString('base64url'));
  const [content = '', signature = ''] = granted.split('.');
  const changed = Buffer.from(content, 'base64url').toString().replace('"fence":1', '"fence":2');
  expect(await open(otherKey, 'run', granted)).toEqual({ ok: false, reason: 'forged' });
  expect(await open(key, 'run', `${Buffer.from(changed).toString('base64url')}.${signature}`)).toEqual({
    ok: false,
    reason: 'forged',
  });
  expect(await open(key, 'run', null)).toEqual({ ok: false, reason: 'absent' });
});

test('a capability ends ten minutes after its run must have', async () => {
  const granted = await grant(key, 'run', claim, jobLifetimeMs(300_000));
  const in14Minutes = Date.now() + 14 * 60_000;
  expect((await open(key, 'run', granted, in14Minutes)).ok).toBe(true);
  expect(await open(key, 'run', granted, in14Minutes + 61_000 + 1000)).toEqual({
    ok: false,
    reason: 'expired',
  });
});

test('a download link lives for a quarter of an hour', () => {
  expect(DOWNLOAD_LIFETIME_MS).toBe(900_000);
});
