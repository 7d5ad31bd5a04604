import { describe, expect, test } from 'vitest';
import {
  explainPasswordFault,
  judgePassword,
  normalizePassword,
} from '../../../worker/people/password-rules.ts';

const EMAIL = 'ann.lee@acme.example';

describe('a new password', () => {
  test.each([
    ['four words', 'seven green harbours', null],
    ['12 characters exactly', 'kT9#vQ2!mZ4x', null],
    ['200 characters exactly', 'aB3$kLm9'.repeat(25), null],
    ['12 characters outside the basic plane', '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧', null],
    ['11 characters', 'kT9#vQ2!mZ4', 'too_short'],
    ['11 characters that are 22 code units', '🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔', 'too_short'],
    ['nothing', '', 'too_short'],
    ['201 characters', `${'aB3$kLm9'.repeat(25)}x`, 'too_long'],
    ['the email', EMAIL, 'is_email'],
    ['the email in capitals', EMAIL.toUpperCase(), 'is_email'],
    ['the email in full-width letters', 'ａｎｎ.lee@acme.example', 'is_email'],
    ['five characters again and again', 'ratesratesra', null],
    ['every second letter of the alphabet', 'acegikmoqsuw', null],
    ['one character', 'a'.repeat(20), 'too_common'],
    ['four characters again and again', 'abcdabcdabcdabcd', 'too_common'],
    ['a common one with digits behind', 'Password1234567', 'too_common'],
    ['a common one with a year and a sign', 'letmeinplease2026!', 'too_common'],
    ['the keyboard', 'qwertyuiop123', 'too_common'],
    ['digits in a row', '123456789012', 'too_common'],
    ['digits in a row, downwards', '9876543210987', 'too_common'],
    ['letters in a row', 'abcdefghijklm', 'too_common'],
    ['a common phrase', 'Correct Horse Battery Staple', 'too_common'],
  ] as const)('%s: %s', (_what, password, fault) => {
    expect(judgePassword(password, EMAIL)).toBe(fault);
  });

  test('is the email, whichever way that is spelled', () => {
    expect(judgePassword(EMAIL, 'ａｎｎ.lee@acme.example')).toBe('is_email');
  });

  test('that is refused is so with a sentence of its own', () => {
    expect(explainPasswordFault('too_short')).toMatch(/12 characters/);
    expect(explainPasswordFault('too_long')).toMatch(/200 characters/);
    expect(explainPasswordFault('is_email')).toMatch(/email/);
    expect(explainPasswordFault('too_common')).toMatch(/attacker tries/);
  });

  test('is the same whichever way a keyboard composes it', () => {
    expect(normalizePassword('café au lait noir')).toBe(normalizePassword('cafe\u0301 au lait noir'));
    expect(normalizePassword(' blanks stay ')).toBe(' blanks stay ');
  });
});
