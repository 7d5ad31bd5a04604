import { describe, expect, it } from 'vitest';
import { checkOutputName, mediaType, showName } from '../../../executor/output-name.ts';

const parts = (...names: string[]) => names.map((name) => Buffer.from(name));

describe('names of outputs', () => {
  it.each([['table.csv'], ['charts', 'a b.png'], ['café.csv'], ['売上.csv'], ['-rf'], ['.hidden']])(
    '%s is kept as it is',
    (...names) => {
      expect(checkOutputName(parts(...names))).toEqual({ ok: true, name: names.join('/') });
    },
  );

  it.each([
    ['line feed', 'a\nb'],
    ['carriage return', 'a\rb'],
    ['escape', 'a\u001b[2Jb'],
    ['NUL-like control', 'a\u0001b'],
    ['C1 control', 'a\u009bb'],
    ['right-to-left override', 'a\u202egnp.exe'],
    ['zero-width space', 'a\u200bb'],
    ['line separator', 'a\u2028b'],
    ['backslash', 'a\\b'],
    ['space at the end', 'a '],
    ['private use', 'a\ue000'],
    ['byte order mark', '\ufeffa'],
    ['length', 'n'.repeat(600)],
  ])('%s is refused and shown as printable ASCII', (_, name) => {
    const check = checkOutputName(parts(name));
    expect(check.ok).toBe(false);
    expect(check.ok ? '' : check.shown).toMatch(/^[\x20-\x7e]+$/);
  });

  it('bytes that are not UTF-8 are refused', () => {
    expect(checkOutputName([Buffer.from([0xff, 0xfe])])).toEqual({
      ok: false,
      shown: '\\xff\\xfe',
      reason: 'its name is not UTF-8',
    });
    expect(showName(Buffer.alloc(500, 0xff)).length).toBeLessThan(220);
  });

  it('a path of more than eight parts is refused', () => {
    expect(checkOutputName(parts(...Array.from({ length: 9 }, () => 'd'))).ok).toBe(false);
  });

  it.each([
    ['a.csv', 'text/csv'],
    ['A.CSV', 'text/csv'],
    ['chart.png', 'image/png'],
    ['x.constructor', 'application/octet-stream'],
    ['x.__proto__', 'application/octet-stream'],
    ['noextension', 'application/octet-stream'],
  ])('%s is %s', (name, expected) => {
    expect(mediaType(name)).toBe(expected);
  });
});
