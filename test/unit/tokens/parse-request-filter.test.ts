import { expect, test } from 'vitest';
import { parseRequestFilter } from '../../../worker/tokens/parse-request-filter.ts';

const parse = (query: string) => parseRequestFilter(new URLSearchParams(query));

test.each([
  ['', { refused: false }],
  ['person=&credential=&from=&until=', { refused: false }],
  ['person=usr_1&credential=tok_1&refused=yes', { user: 'usr_1', credential: 'tok_1', refused: true }],
  ['refused=maybe', { refused: false }],
  [`trace=+${'0af7'.repeat(8)}`, { trace: '0af7'.repeat(8), refused: false }],
  ['from=2026-11-21T21:45', { from: '2026-11-21T21:45:00.000Z', refused: false }],
  ['until=2026-11-21T21:45:30', { until: '2026-11-21T21:45:30.000Z', refused: false }],
])('%s', (query, filter) => {
  expect(parse(query)).toEqual({ ok: true, filter });
});

test.each(['yesterday', '2026-11-21', '2026-13-45T99:99', '2026-11-21T21:45Z', '1e9', 'infinity', "'; drop"])(
  '%s is no time',
  (time) => {
    expect(parse(`from=${encodeURIComponent(time)}`)).toMatchObject({ ok: false });
    expect(parse(`until=${encodeURIComponent(time)}`)).toMatchObject({ ok: false });
  },
);

test.each(['x', '0AF7'.repeat(8), '0af7'.repeat(9), "0af7'; drop"])('%s is no trace', (trace) => {
  expect(parse(`trace=${encodeURIComponent(trace)}`)).toMatchObject({ ok: false });
});
