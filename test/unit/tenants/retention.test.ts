import { describe, expect, test } from 'vitest';
import { isThere } from '../../../worker/blobs/is-there.ts';
import { parseRetentionWish } from '../../../worker/tenants/retention/parse-wish.ts';
import { judgeUnnamed } from '../../../worker/tenants/retention/remove-unnamed.ts';
import { periodText } from '../../../worker/tenants/retention/retention-words.ts';

describe('what a form or an option wishes for', () => {
  const wished = (texts: Readonly<Record<string, string>>) => parseRetentionWish((kind) => texts[kind]);

  test('is days, for ever, or the default; what is left out is not in it', () => {
    expect(wished({ logs: '1', outputs: 'for-ever', runs: 'default', audit: '36500' })).toEqual({
      ok: true,
      wish: { logs: 1, outputs: null, runs: 'default', audit: 36_500 },
    });
    expect(wished({})).toEqual({ ok: true, wish: {} });
  });

  test.each(['', '0', '-1', '1.5', '1e3', '036', ' 7', '36501', '99999', 'soon', 'null', 'For-ever', '٣'])(
    'is not %j',
    (text) => {
      expect(wished({ logs: '7', outputs: text })).toEqual({ ok: false, kind: 'outputs' });
    },
  );

  test('is 30 days of the audit log at least', () => {
    expect(wished({ audit: '29' })).toEqual({ ok: false, kind: 'audit' });
    expect(wished({ audit: '30' })).toEqual({ ok: true, wish: { audit: 30 } });
  });
});

test.each([
  [null, 'for ever'],
  [1, '1 day'],
  [2, '2 days'],
])('%j days are said as %s', (days, said) => {
  expect(periodText(days)).toBe(said);
});

describe('a blob that nothing names', () => {
  const DAY = 24 * 3600_000;
  const now = 100 * DAY;
  test.each([
    [now - DAY - 1, 'old'],
    [now - DAY, 'stays'],
    [now, 'stays'],
    [now + DAY, 'stays'],
    [Number.NaN, 'stays'],
    [null, 'gone'],
  ])('that was written at %s is %s', (writtenAt, becomes) => {
    expect(judgeUnnamed(writtenAt, now)).toBe(becomes);
  });
});

describe('who finds a blob in the store', () => {
  const tenant = `ten_${'0'.repeat(26)}`;
  const asked = async (
    there: readonly boolean[],
    keeping: 'named' | 'waits' | 'going' | 'unasked',
    whose = tenant,
  ) => {
    const answers = [...there];
    const has = async () => answers.shift() as boolean;
    return isThere({ has }, { tenant: whose, sha256: 'x' }, async () => {
      if (keeping === 'unasked') throw new Error('asked');
      return keeping;
    });
  };

  test.each([
    ['named, and still there', [true, true], 'named', true],
    ['named, and removed between the two questions', [true, false], 'named', false],
    ['to go some time, so it is written anew', [true], 'waits', false],
    ['not there, which takes no question', [false], 'unasked', false],
  ] as const)('is told that it is %s', async (_title, there, keeping, told) => {
    expect(await asked(there, keeping)).toBe(told);
  });

  test('that is being removed does not rely on it', async () => {
    await expect(asked([true, true], 'going')).rejects.toMatchObject({
      ...{ code: 'unavailable', retryAfterSeconds: 10 },
    });
  });

  test('of what belongs to no tenant, or is a copy of the audit log, asks nobody', async () => {
    expect(await asked([true], 'unasked', 'audit-checkpoints')).toBe(true);
    expect(await asked([true], 'unasked', `${tenant}/audit/2026-11-22`)).toBe(true);
  });
});
