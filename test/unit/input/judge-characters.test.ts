import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  describeCharacterFault,
  judgeCharacters,
  withoutUnseen,
} from '../../../worker/input/judge-characters.ts';

const line = (text: string) => judgeCharacters(text, { lines: false });

describe('Mallory’s name that shows other than it is, is refused with the character and its place', () => {
  test.each([
    ['an override of direction', 'gpj\u202eexe', '202E', 4],
    ['an isolate', '\u2066x', '2066', 1],
    ['a mark of direction', 'a\u200eb', '200E', 2],
    ['an Arabic mark of direction', 'a\u061cb', '061C', 2],
    ['zero width between Latin letters', 'pay\u200bpal', '200B', 4],
    ['a joiner between Latin letters', 'pay\u200dpal', '200D', 4],
    ['a joiner between a Latin letter and an Arabic one', 'a\u200dب', '200D', 2],
    ['a joiner after an emoji, before a letter', '📈\u200da', '200D', 2],
    ['a byte order mark', '\ufeffa', 'FEFF', 1],
    ['a soft hyphen', 'in\u00advoice', '00AD', 3],
    ['a filler that is a letter', 'a\u3164b', '3164', 2],
    ['a blank pattern of Braille', 'a\u2800', '2800', 2],
    ['letters of a tag', 'a\u{e0041}', 'E0041', 2],
    ['a variation selector after a letter', 'a\ufe0f', 'FE0F', 2],
    ['NUL', 'a\0', '0000', 2],
    ['an escape', '\u001b[2J', '001B', 1],
    ['a control of C1', 'a\u009b', '009B', 2],
    ['a line feed', 'a\nb', '000A', 2],
    ['a line separator', 'a\u2028b', '2028', 2],
  ])('%s', (_what, text, code, at) => {
    const fault = line(text);
    expect(fault && describeCharacterFault(fault)).toBe(
      `holds U+${code} at character ${at}, which nobody sees; leave it out`,
    );
  });

  test('half of a surrogate pair', () => {
    expect(line('a\ud83d')).toEqual({ reason: 'half_pair' });
  });
});

describe('names of people and things pass, in whatever script', () => {
  test.each([
    'Umsatz 2026 – Größe',
    'توقعات المبيعات',
    'می‌خواهم',
    'क्‍ष',
    'ශ්‍රී',
    '売上予測',
    'תחזית מכירות',
    'Прогноз',
    'R&D: Q3/Q4 <5 %> #2 "final"',
    '📈 Forecast',
    '👩‍🔬 Lab',
    '❤️ Health',
    '👩🏽‍🚀',
    'e\u0301',
  ])('%s', (name) => {
    expect(line(name)).toBeNull();
  });
});

test('lines and tabs are part of a description, and nothing else that acts is', () => {
  expect(judgeCharacters('one\n\ttwo', { lines: true })).toBeNull();
  expect(judgeCharacters('one\rtwo', { lines: true })).toMatchObject({ at: 4 });
});

test('whatever text comes, the verdict comes, and what passes holds no control and no mark of direction', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const passes = line(text) === null;
      expect(passes && /[\p{Cc}\p{Bidi_Control}\u200b\ufeff]/u.test(text)).toBe(false);
    }),
    { seed: 20261122 },
  );
});

describe('a character that nobody sees is written in its own place only', () => {
  test.each<[string, string, number | null]>([
    ['a joiner between pictures', '👩\u200d💻', null],
    ['a joiner before a picture alone', 'a\u200d💻', 2],
    ['a non-joiner between pictures', '👩\u200c💻', 2],
    ['a joiner between letters that join', 'ن\u200dن', null],
    ['a joiner at the end of a word', 'ن\u200d', null],
    ['a joiner before a blank', 'ن\u200d ن', null],
    ['a joiner before a letter that does not join', 'ن\u200da', 2],
    ['a joiner before a comma', 'ن\u200d,', 2],
    ['zero width between letters that join', 'ن\u200bن', 2],
    ['the choice of a plain picture', '☺\ufe0e', null],
    ['the choice of a coloured picture', '☺\ufe0f', null],
    ['the choice of a picture for a letter', 'a\ufe0e', 2],
  ])('%s', (_what, text, at) => {
    const character = at === null ? '' : [...text][at - 1];
    expect(line(text)).toEqual(at === null ? null : { reason: 'unseen', character, at });
  });

  test('and half of a pair is a fault of its own', () => {
    const fault = line('a\ud800');
    expect(fault).toEqual({ reason: 'half_pair' });
    expect(fault && describeCharacterFault(fault)).toMatch(/surrogate pair/);
  });
});

describe('a name from elsewhere keeps what is written and loses what nobody sees', () => {
  test.each([
    ['letters', 'Zoë 📈', 'Zoë 📈'],
    ['an override of direction', 'gpj\u202eexe', 'gpjexe'],
    ['zero width at both ends', '\u200bAnn\ufeff', 'Ann'],
    ['line feeds and tabs', 'Ann\n\tLee', 'AnnLee'],
    ['half of a pair, which becomes a replacement', 'a\ud83d', 'a\ufffd'],
    ['a joiner between pictures', '👩\u200d💻', '👩\u200d💻'],
    ['a joiner before a picture alone', '\u200d💻', '💻'],
    ['a joiner at the end of a word', 'ن\u200d', 'ن\u200d'],
    ['a joiner between Latin letters', 'pay\u200dpal', 'paypal'],
    ['a joiner between letters that join', 'ن\u200dن', 'ن\u200dن'],
    ['the choice of a coloured picture', '☺\ufe0f', '☺\ufe0f'],
    ['the second of two choices, after which no picture stands', '☺\ufe0f\ufe0f', '☺\ufe0f'],
    ['a choice for a picture behind what is left out', '☺\u200b\ufe0f', '☺\ufe0f'],
    ['only what nobody sees', '\u2060\u00ad', ''],
  ])('%s', (_what, text, kept) => {
    expect(withoutUnseen(text)).toBe(kept);
  });

  test('and then stands as it is when it is judged', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(...'aن👩☺ \u200b\u200c\u200d\ufe0e\ufe0f\n') }),
        (text) => {
          const kept = withoutUnseen(text);
          expect(withoutUnseen(kept)).toBe(kept);
          expect(line(kept)).toBeNull();
        },
      ),
      { seed: 20261123 },
    );
  });
});
