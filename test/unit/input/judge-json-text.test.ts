import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeJsonText } from '../../../worker/input/judge-json-text.ts';

const BOUNDS = { depthMax: 64, valuesMax: 1_000 };
const judge = (text: string) => judgeJsonText(text, BOUNDS);
/** A name of a prototype is refused as that; fast-check draws it once in a while. */
const hasNoPrototype = (value: unknown) => !JSON.stringify(value).includes('__proto__');
const ordinary = fc.jsonValue({ maxDepth: 8 }).filter(hasNoPrototype);
const duplicate = (key: string) => ({ reason: 'duplicate_key', key });

describe('refused before it is parsed', () => {
  test.each<[string, string, unknown]>([
    ['a name twice', '{"a":1,"a":2}', duplicate('a')],
    ['a name twice, far apart', '{"a":{"b":[1,{"c":2}]},"x":"y","a":2}', duplicate('a')],
    ['a name twice, deep inside', '{"p":[0,{"q":{"a":1,"b":2,"a":3}}]}', duplicate('a')],
    ['a name twice in two spellings', '{"\\u0061":1,"a":2}', duplicate('a')],
    ['a name twice that ends in a backslash', '{"a\\\\":1,"a\\\\":2}', duplicate('a\\')],
    ['a prototype', '{"__proto__":{}}', { reason: 'prototype_key' }],
    [
      'a prototype in another spelling, deep inside',
      '[{"a":{"\\u005f_proto__":1}}]',
      { reason: 'prototype_key' },
    ],
    ['the empty name twice', '{"":1,"":2}', duplicate('')],
    ['a method beside another', '{"method":"ping","id":1,"method":"tools/call"}', duplicate('method')],
    ['depth 65', '['.repeat(65) + ']'.repeat(65), { reason: 'too_deep' }],
    ['depth 10^6 that never ends', '{"a":'.repeat(1_000_000), { reason: 'too_deep' }],
    ['ever more items', `[${'0,'.repeat(1_000)}0]`, { reason: 'too_many_values' }],
    ['ever more empty arrays', `[${'[]'.repeat(1_000)}]`, { reason: 'too_many_values' }],
    ['1e400', '{"id":1e400}', { reason: 'number_too_large' }],
    ['-1E+400', '[-1E+400]', { reason: 'number_too_large' }],
    ['400 digits', `[${'9'.repeat(400)}]`, { reason: 'number_too_large' }],
  ])('%s', (_what, text, fault) => {
    expect(judge(text)).toEqual(fault);
  });
});

describe('not refused here', () => {
  test.each<[string, string]>([
    ['one name in two objects', '[{"a":1},{"a":2}]'],
    ['one name in nested objects', '{"a":{"a":{"a":1}}}'],
    ['a prototype as a value', '{"a":"__proto__"}'],
    ['a constructor', '{"constructor":1}'],
    ['a name that is also a value', '{"a":"a","b":"a"}'],
    ['a text thrice in a list', '["a","a","a"]'],
    ['strings that look like members', '{"a":"{\\"a\\":1,\\"a\\":2}"}'],
    ['brackets inside a string', `{"a":"${'['.repeat(1_000)}"}`],
    ['commas inside a string', `{"a":"${','.repeat(5_000)}"}`],
    ['an escaped backslash before the closing quote', '{"a\\\\":1,"a":2}'],
    ['1e-400, which is zero', '[1e-400]'],
    ['1e308', '[1e308]'],
    ['1e305 that is written with zeros first', '[0.00001e310]'],
    ['depth 64', '['.repeat(64) + ']'.repeat(64)],
    ['a thousand values', `[${'0,'.repeat(999)}0]`],
    ['an exponent inside a string', '["1e400"]'],
    ['half a text', '{"a":"'],
    ['nothing', ''],
  ])('%s', (_what, text) => {
    expect(judge(text)).toBeNull();
  });

  test('whatever a JSON writer writes', () => {
    fc.assert(
      fc.property(ordinary, (value) => {
        expect(judgeJsonText(JSON.stringify(value), { depthMax: 64, valuesMax: 100_000 })).toBeNull();
      }),
    );
  });
});

test('any object with one member written again is refused', () => {
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), ordinary, { minKeys: 1 }).filter(hasNoPrototype),
      fc.nat(),
      (members, at) => {
        const keys = Object.keys(members);
        const key = keys[at % keys.length] ?? '';
        const text = JSON.stringify(members);
        expect(judge(`${text.slice(0, -1)},${JSON.stringify(key)}:0}`)).toEqual(duplicate(key));
      },
    ),
  );
});
