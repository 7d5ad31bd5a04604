import { describe, expect, test } from 'vitest';
import { limit } from '../../../protocol/limits.ts';
import { parseEmail } from '../../../worker/people/email.ts';
import { lockoutRules, sessionLimits } from '../../../worker/people/settings.ts';

test('without settings: 5 failures an account, 50 an address, 12 hours idle, 7 days in all', () => {
  expect(lockoutRules({})).toEqual({
    accountFailures: 5,
    addressFailures: 50,
    baseSeconds: 30,
    maxSeconds: 3600,
  });
  expect(sessionLimits({})).toEqual({ idleSeconds: 12 * 3600, absoluteSeconds: 7 * 24 * 3600 });
});

describe('a setting out of its bounds stops sign-in instead of weakening it', () => {
  test.each([
    ['no failure free', () => lockoutRules({ LOGIN_FAILURES_MAX: '0' })],
    ['a million failures free', () => lockoutRules({ LOGIN_FAILURES_MAX: '1000000' })],
    ['a word', () => lockoutRules({ LOGIN_ADDRESS_FAILURES_MAX: 'many' })],
    ['a fraction', () => sessionLimits({ SESSION_IDLE_MINUTES: '7.5' })],
    ['a year', () => sessionLimits({ SESSION_ABSOLUTE_HOURS: '8760' })],
  ])('%s', (_what, read) => {
    expect(read).toThrow('must be a whole number');
  });
});

describe('an email', () => {
  const MOST = limit('email_chars');

  test.each([
    ['Ann.Lee@Acme.Example', 'ann.lee@acme.example'],
    ['  ann@acme.example ', 'ann@acme.example'],
    ['ａｎｎ@acme.example', 'ann@acme.example'],
    ['\u{1d400}nn@acme.example', 'ann@acme.example'],
    ['\u00a8ann@acme.example', '\u0308ann@acme.example'],
    ['ann', null],
    ['ann@', null],
    ['a nn@acme.example', null],
    ['ann@acme. example', null],
    ['ann@@acme.example', null],
    ['ann\u0000@acme.example', null],
    ['ann\u200b@acme.example', null],
    ['ann\u202e@acme.example', null],
    [`${'a'.repeat(MOST - 2)}@b`, `${'a'.repeat(MOST - 2)}@b`],
    [`${'a'.repeat(MOST - 1)}@b`, null],
    // What lower case leaves, i with two marks, is in no normal form: it would be another address when it is read again.
    ['\u0130\u20d8@acme.example', 'i\u20d8\u0307@acme.example'],
  ])('%j is read as %j', (text, email) => {
    expect(parseEmail(text)).toBe(email);
  });
});
