import { describe, expect, test } from 'vitest';
import { newSecret } from '../../../protocol/secret.ts';
import { isGuessable } from '../../../worker/startup/is-guessable.ts';

describe('can be guessed', () => {
  test.each([
    ['the example of the documentation', 'openssl rand -base64 32'],
    ['the example of everybody', 'correct horse battery staple'],
    ['the same in another case', 'Correct-Horse-Battery-Staple-1'],
    ['what is there to be changed', 'change-me-change-me-change-me'],
    ['a word that says what it is', 'causeway-passphrase-2026'],
    ['a password with a number', 'passwordpassword1password'],
    ['digits in order', '12345678901234567890'],
    ['letters in order, backwards', 'zyxwvutsrqponmlkjihgfedcba'],
    ['a row of the keyboard', 'QWERTYUIOPasdfghjkl1'],
    ['eight characters, three times', 'kJ8s0aQmkJ8s0aQmkJ8s0aQm'],
    ['few characters', 'abababababacabababab'],
    ['something short', 'kJ8s0aQm2XcV5bN7dR4'],
  ])('%s', (_what, secret) => {
    expect(isGuessable(secret, 20)).toBe(true);
  });
});

describe('cannot be guessed', () => {
  test.each([
    ['words of one’s own', 'seven green harbours'],
    ['words of one’s own beside a well-known one', 'secret: seven green harbours at dusk'],
    ['hexadecimal digits that were drawn', '9f86d081884c7d659a2f'],
  ])('%s', (_what, secret) => {
    expect(isGuessable(secret, 20)).toBe(false);
  });

  test('what is drawn', () => {
    for (let n = 0; n < 1000; n++) expect(isGuessable(newSecret(), 20)).toBe(false);
  });
});
