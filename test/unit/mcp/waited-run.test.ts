import { describe, expect, test } from 'vitest';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import {
  restOfCall,
  sealWaitedRun,
  unsealWaitedRun,
  type WaitedRun,
} from '../../../worker/mcp/session/waited-run.ts';
import { importSealKey, seal } from '../../../worker/seal/seal.ts';

const NOW = Date.UTC(2026, 10, 22);
const HOUR_MS = 60 * 60_000;
const SESSION = { id: 'ann' };
const WAITED: WaitedRun = { run: 'run_1', until: NOW + 45_000, request: 7, progressToken: 'p' };
const keyOf = (byte: number) => importSealKey(encodeBase64url(new Uint8Array(32).fill(byte)));

async function sealed(waited = WAITED): Promise<string> {
  return (await sealWaitedRun(await keyOf(1), SESSION, waited, NOW)) ?? '';
}

test('what a call waits for stands in the id of its event, and no two ids are alike', async () => {
  const [one, other] = [await sealed(), await sealed()];
  expect(one).not.toBe(other);
  expect(one.length).toBeLessThan(512);
  expect(await unsealWaitedRun(await keyOf(1), SESSION, one, NOW + HOUR_MS - 1000)).toMatchObject(WAITED);
});

describe('an id lets nobody wait', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['in another session', async () => unsealWaitedRun(await keyOf(1), { id: 'eve' }, await sealed(), NOW)],
    ['of another deployment', async () => unsealWaitedRun(await keyOf(2), SESSION, await sealed(), NOW)],
    [
      'an hour later',
      async () => unsealWaitedRun(await keyOf(1), SESSION, await sealed(), NOW + HOUR_MS + 1000),
    ],
    [
      'that was sealed for another purpose',
      async () =>
        unsealWaitedRun(
          await keyOf(1),
          SESSION,
          await seal(await keyOf(1), 'session', { ...WAITED, session: SESSION.id }, HOUR_MS, NOW),
          NOW,
        ),
    ],
    ['of the session’s own stream', async () => unsealWaitedRun(await keyOf(1), SESSION, 'AAAAAAAA-3', NOW)],
  ])('%s', async (_what, opening) => {
    expect(await opening()).toBeNull();
  });
});

test.each([
  ['request', { ...WAITED, request: 'r'.repeat(300) }],
  ['progress token', { ...WAITED, progressToken: 'p'.repeat(300) }],
])('a call with a very long %s has no such id, which would come back in a header', async (_what, waited) => {
  expect(await sealWaitedRun(await keyOf(1), SESSION, waited, NOW)).toBeNull();
});

test.each([
  ['the rest of its time', NOW + 15_000, 30],
  ['no time where it is over', NOW + 60_000, 0],
  ['no longer than a call may, whatever the clock says', NOW - HOUR_MS, 50],
])('who comes back waits %s', (_what, now, seconds) => {
  expect(restOfCall(WAITED, now)).toEqual({
    jsonrpc: '2.0',
    id: 7,
    method: 'tools/call',
    params: {
      name: 'get_run',
      arguments: { run: 'run_1', wait_seconds: seconds },
      _meta: { progressToken: 'p' },
    },
  });
});
