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
    ['paragraph separator', 'a\u2029b'],
    ['a character that is none yet', 'a\u0378b'],
    ['backslash', 'a\\b'],
    ['space at the end', 'a '],
    ['space at the beginning', ' a'],
    ['private use', 'a\ue000'],
    ['byte order mark', '\ufeffa'],
    ['length', 'n'.repeat(513)],
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

  it('a folder whose name ends with a space is refused as a file is', () => {
    expect(checkOutputName(parts('a ', 'b')).ok).toBe(false);
  });

  it('a path of more than eight parts is refused, and one of 512 characters is not', () => {
    const path = (length: number) => checkOutputName(parts(...Array.from({ length }, () => 'd')));
    expect([path(8).ok, path(9).ok]).toEqual([true, false]);
    expect(checkOutputName(parts('n'.repeat(512))).ok).toBe(true);
  });

  it('a refused name is shown byte by byte, and cut at 200 characters', () => {
    expect(showName(Buffer.from([0x00, 0x1f, 0x20, 0x5c, 0x7e, 0x7f]))).toBe('\\x00\\x1f \\x5c~\\x7f');
    expect(showName(Buffer.from('a'.repeat(200)))).toBe('a'.repeat(200));
    expect(showName(Buffer.from('a'.repeat(201)))).toBe(`${'a'.repeat(200)}...`);
  });

  it.each([
    ['a.csv', 'text/csv'],
    ['A.CSV', 'text/csv'],
    ['a.gif', 'image/gif'],
    ['a.html', 'text/html'],
    ['a.jpeg', 'image/jpeg'],
    ['a.jpg', 'image/jpeg'],
    ['a.json', 'application/json'],
    ['a.jsonl', 'application/jsonl'],
    ['a.md', 'text/markdown'],
    ['a.parquet', 'application/vnd.apache.parquet'],
    ['a.pdf', 'application/pdf'],
    ['chart.png', 'image/png'],
    ['a.svg', 'image/svg+xml'],
    ['a.tsv', 'text/tab-separated-values'],
    ['a.txt', 'text/plain'],
    ['a.webp', 'image/webp'],
    ['a.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
    ['a.zip', 'application/zip'],
    ['a.csv~', 'application/octet-stream'],
    ['csv', 'application/octet-stream'],
    ['x.constructor', 'application/octet-stream'],
    ['x.__proto__', 'application/octet-stream'],
    ['noextension', 'application/octet-stream'],
  ])('%s is %s', (name, expected) => {
    expect(mediaType(name)).toBe(expected);
  });
});
