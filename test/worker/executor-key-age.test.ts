import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { findIdentity, proofToConnect, publicKeyOf, type Stored } from '../../executor/identity.ts';
import { writeKeyFile } from '../../executor/key-file.ts';
import { type KeyStanding, renewKey } from '../../executor/renew-key.ts';
import { sharedStack } from '../support/shared-stack.ts';

/** Keys of executors against a real Worker, as time goes by. */
const stack = sharedStack();
const DAY_MS = 24 * 3600_000;

async function joined(): Promise<{ readonly file: string; readonly present: Stored }> {
  const dir = await mkdtemp(join(tmpdir(), 'causeway-key-age-'));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'executor.json');
  const joinToken = () => mintJoinToken(stack.ownerUrl);
  const found = await findIdentity({ file, baseUrl: stack.publicUrl, name: 'old', joinToken });
  if (!found.ok) throw new Error(found.reason);
  return { file, present: found.stored };
}

function connects(who: Stored): Promise<boolean> {
  const socket = new WebSocket(`${stack.publicUrl.replace(/^http/, 'ws')}/executor/connect`, {
    headers: { authorization: proofToConnect(who, Date.now() / 1000) },
  });
  return new Promise((resolve) => {
    socket.once('open', () => resolve(true));
    socket.once('unexpected-response', () => resolve(false));
    socket.on('error', () => {});
  }).finally(() => socket.terminate()) as Promise<boolean>;
}

/** What the daemon finds of a key that was made so long ago, of 400 days at most. */
async function lookedAt(age: number | null, baseUrl = stack.publicUrl) {
  const { file, present } = await joined();
  const made_at = age === null ? undefined : new Date(Date.now() - age * DAY_MS).toISOString();
  await writeKeyFile(file, { ...present, made_at });
  const said: string[] = [];
  const standing = await new Promise<KeyStanding>((onStanding) => {
    const log = (level: string) => void said.push(level);
    onTestFinished(renewKey({ file, baseUrl, daysMax: 400, onStanding, log }));
  });
  const left = JSON.parse(await readFile(file, 'utf8')) as Stored;
  return { standing, said, isNew: publicKeyOf(left) !== publicKeyOf(present), left };
}

describe('a key that grows old', () => {
  test.each<[string, number | null, boolean]>([
    ['is young', 12, false],
    ['has a quarter of its time left and a day', 299, false],
    ['has a quarter of its time left', 300, true],
    ['is overdue', 500, true],
    ['is of an earlier version, which did not say when it was made', null, true],
    ['was made by a clock that is far ahead', -30, true],
  ])('and %s: exchanged by itself where it is time', async (_what, age, isNew) => {
    const found = await lookedAt(age);
    expect(found).toMatchObject({ isNew, standing: { key_trouble: null } });
    expect(found.said).toEqual(isNew ? ['info'] : []);
    expect(await connects(found.left)).toBe(true);
    if (isNew) expect(Date.now() - Date.parse(found.left.made_at ?? '')).toBeLessThan(60_000);
  });

  test('and cannot be exchanged goes on, and says so', async () => {
    const { standing, said, isNew, left } = await lookedAt(310, 'http://127.0.0.1:1');
    expect(standing).toMatchObject({
      key_days: 310,
      key_trouble: expect.stringContaining('cannot be reached'),
    });
    expect([said, isNew, await connects(left)]).toEqual([['warn'], false, true]);
  });
});
