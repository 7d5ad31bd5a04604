import { expect, test } from 'vitest';
import { parseName } from '../../../worker/input/parse-name.ts';

test.each<[string, ReturnType<typeof parseName>]>([
  ['Laptop of Ann', { ok: true, name: 'Laptop of Ann' }],
  ['  Laptop \t of\n Ann ', { ok: true, name: 'Laptop of Ann' }],
  ['cafe\u0301', { ok: true, name: 'café' }],
  ['a\u202eb', { ok: false, problem: 'holds U+202E at character 2, which nobody sees; leave it out' }],
  [
    '<script>',
    { ok: false, problem: 'holds an HTML tag or comment, which has no business here; say it in plain words' },
  ],
])('the name %j', (text, parsed) => {
  expect(parseName(text)).toEqual(parsed);
});

test('no name is one, and too long a name neither', () => {
  expect(parseName('   ')).toEqual({ ok: false, problem: 'is empty' });
  expect(parseName('a'.repeat(256))).toEqual({ ok: false, problem: 'is over 255 characters' });
});

test('a deployment refuses what it names, and lets pass what it names not', () => {
  expect(parseName('<script>', { markup: [], patterns: [] })).toEqual({ ok: true, name: '<script>' });
  expect(parseName('Acme', { markup: [], patterns: [/acme/i] })).toEqual({
    ok: false,
    problem: 'holds what this deployment does not take here',
  });
});
