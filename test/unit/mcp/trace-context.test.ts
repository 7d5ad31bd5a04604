import { describe, expect, test } from 'vitest';
import { traceContextOf } from '../../../worker/mcp/trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const of = (traceparent: unknown, tracestate?: unknown) =>
  traceContextOf({ _meta: { traceparent, ...(tracestate === undefined ? {} : { tracestate }) } });

describe('a trace that a client sends is read', () => {
  test.each<[string, string, boolean]>([
    ['of version 00, sampled', `00-${TRACE}-${PARENT}-01`, true],
    ['not sampled', `00-${TRACE}-${PARENT}-00`, false],
    ['with flags of later versions', `00-${TRACE}-${PARENT}-03`, true],
    ['of a later version, with more behind', `cc-${TRACE}-${PARENT}-01-what.comes`, true],
  ])('%s', (_what, text, isSampled) => {
    expect(of(text)).toEqual({ traceId: TRACE, parentId: PARENT, isSampled, state: null });
  });

  test('with its state', () => {
    expect(of(`00-${TRACE}-${PARENT}-01`, 'rojo=00f067aa0ba902b7, congo=t61rcWkgMzE')?.state).toBe(
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    );
  });
});

describe('what is no trace is left alone', () => {
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 7],
    ['version ff', `ff-${TRACE}-${PARENT}-01`],
    ['version 00 with more behind', `00-${TRACE}-${PARENT}-01-more`],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['a parent of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ['too short', `00-${TRACE.slice(1)}-${PARENT}-01`],
    ['a line break', `00-${TRACE}-${PARENT}-01\n`],
    ['a log line behind it', `cc-${TRACE}-${PARENT}-01\n{"level":"error"}`],
    ['ever more', `cc-${TRACE}-${PARENT}-01-${'x'.repeat(1000)}`],
  ])('%s', (_what, text) => {
    expect(of(text)).toBeNull();
  });

  test.each<[string, unknown]>([
    ['no text', 7],
    ['a line break', 'a=b\nc=d'],
    ['an escape', 'a=\u001b[31m'],
    ['no value', 'a='],
    ['no key', '=b'],
    ['a key twice', 'a=1,a=2'],
    ['33 members', Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(',')],
    ['over 512 characters', `a=${'x'.repeat(600)}`],
    ['other letters', 'ä=1'],
    ['nothing but commas', ',,,'],
  ])('a state with %s', (_what, state) => {
    expect(of(`00-${TRACE}-${PARENT}-01`, state)).toMatchObject({ traceId: TRACE, state: null });
  });

  test.each([[null], [[]], ['text'], [{ _meta: null }], [{ _meta: [] }]])('parameters %j', (params) => {
    expect(traceContextOf(params)).toBeNull();
  });
});
