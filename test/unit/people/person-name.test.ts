import { expect, test } from 'vitest';
import { parsePersonName } from '../../../worker/people/person-name.ts';

test.each([
  ['  Ann Lee ', 'Ann Lee'],
  ['Zoe\u0308', 'Zo\u00eb'],
  ['علی\u200cرضا', 'علی\u200cرضا'],
  ['Ann\u202e eeL', 'Ann eeL'],
  ['\u2066Ann\u2069', 'Ann'],
  ['Ann\r\nSet-Cookie: x', 'AnnSet-Cookie: x'],
  ['A\u0000n\u001b[31mn', 'An[31mn'],
  ['Ann\u2028Lee', 'AnnLee'],
  ['A\u200bnn', 'Ann'],
  ['\u200b\u202e \n', null],
  ['', null],
  ['🦊'.repeat(300), '🦊'.repeat(255)],
])('%j is stored as %j', (text, name) => {
  expect(parsePersonName(text)).toBe(name);
});
