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
  ['An\u00adn\u200d \u3164Lee\u2800\u{e0041}', 'Ann Lee'],
  ['\u3164\u2800\u00ad', null],
  ['a\ufe0f\u200d💻', 'a💻'],
  ['Ann 👩\u200d💻', 'Ann 👩\u200d💻'],
  ['Ann\ud800', 'Ann\ufffd'],
  [`${'x'.repeat(254)}👩\u200d💻`, `${'x'.repeat(254)}👩`],
  [`${'x'.repeat(253)}👩\u200d💻`, `${'x'.repeat(253)}👩`],
  ['', null],
  ['🦊'.repeat(300), '🦊'.repeat(255)],
])('%j is stored as %j', (text, name) => {
  expect(parsePersonName(text)).toBe(name);
});
