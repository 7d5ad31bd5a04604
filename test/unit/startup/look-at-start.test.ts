import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newKey } from '../../../executor/identity.ts';
import { lookAtStart } from '../../../executor/judge-start.ts';
import { keyDaysMax } from '../../../worker/startup/judge-database.ts';

let stateDir: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'causeway-look-'));
});
afterEach(() => rmSync(stateDir, { recursive: true }));
const look = (joinTokenFile: string | null = null) =>
  lookAtStart({ url: 'https://causeway.example.com', stateDir, joinTokenFile, keyDaysMax: 400 });

test('of a new executor there is no identity, and a token where one was put', async () => {
  const token = join(stateDir, 'token');
  expect(await look()).toMatchObject({
    url: 'https://causeway.example.com',
    ownUid: process.getuid?.(),
    identityFile: join(stateDir, 'executor.json'),
    identity: 'none',
    keyDays: null,
    keyDaysMax: 400,
    folder: { uid: process.getuid?.() },
    joinToken: null,
  });
  expect((await look(token)).joinToken).toEqual({ file: token, isReadable: false });
  writeFileSync(token, 'x');
  expect((await look(token)).joinToken).toEqual({ file: token, isReadable: true });
});

test('an identity is usable, or has a fault that says what to do', async () => {
  const file = join(stateDir, 'executor.json');
  const stored = { ...newKey(), executor: 'e', pool: 'p', audience: 'a' };
  writeFileSync(file, JSON.stringify(stored), { mode: 0o600 });
  expect(await look()).toMatchObject({ identity: 'usable', keyDays: 0 });
  chmodSync(file, 0o644);
  expect((await look()).identity).toEqual({ fault: expect.stringMatching(/can be read by others.*chmod/) });
  writeFileSync(file, '{}');
  chmodSync(file, 0o600);
  expect((await look()).identity).toEqual({
    fault: expect.stringMatching(/is not an executor's identity\. Move it away/),
  });
});

test('the key of an executor is as old as its file says; of one of an earlier version nobody knows', async () => {
  const file = join(stateDir, 'executor.json');
  const made_at = new Date(Date.now() - 401.5 * 24 * 3600_000).toISOString();
  const stored = { private_key: newKey().private_key, executor: 'e', pool: 'p', audience: 'a' };
  writeFileSync(file, JSON.stringify({ ...stored, made_at }), { mode: 0o600 });
  expect(await look()).toMatchObject({ identity: 'usable', keyDays: 401 });
  writeFileSync(file, JSON.stringify(stored));
  expect(await look()).toMatchObject({ identity: 'usable', keyDays: null });
});

test('keys are overdue after 400 days, or as many as the operator says', () => {
  expect([undefined, '180'].map(keyDaysMax)).toEqual([400, 180]);
});
