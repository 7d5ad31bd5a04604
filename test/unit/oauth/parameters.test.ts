import { expect, test } from 'vitest';
import { parseParameters, readForm } from '../../../worker/oauth/parameters.ts';

test.each<[string, string, string]>([
  ['each once', 'a=1&b=2', 'ok'],
  ['one twice', 'a=1&a=2', 'duplicate_parameter'],
  ['one twice with the same value', 'a=1&a=1', 'duplicate_parameter'],
  ['one twice, the second empty', 'a=1&a=', 'duplicate_parameter'],
  ['one twice, once encoded', 'a=1&%61=2', 'duplicate_parameter'],
  ['a NUL', 'a=%00', 'malformed_parameter'],
  ['a line break', 'a=%0d%0aLocation:x', 'malformed_parameter'],
  ['a value of 5,000 characters', `a=${'x'.repeat(5000)}`, 'malformed_parameter'],
  [
    'fifty parameters',
    Array.from({ length: 50 }, (_, index) => `p${index}=1`).join('&'),
    'malformed_parameter',
  ],
])('parameters: %s', (_what, query, outcome) => {
  const parsed = parseParameters(new URLSearchParams(query));
  expect(parsed.ok ? 'ok' : parsed.reason).toBe(outcome);
});

test('as many and as long as may be', () => {
  const forty = Array.from({ length: 40 }, (_, index) => `p${index}=1`).join('&');
  expect(parseParameters(new URLSearchParams(forty)).ok).toBe(true);
  expect(parseParameters(new URLSearchParams(`${forty}&p40=1`)).ok).toBe(false);
  expect(parseParameters(new URLSearchParams(`a=${'x'.repeat(4096)}`)).ok).toBe(true);
  expect(parseParameters(new URLSearchParams(`a=${'x'.repeat(4097)}`)).ok).toBe(false);
});

test.each([
  ['redirect_uri', 'redirect_uri'],
  ['a'.repeat(40), 'a'.repeat(40)],
  ['a'.repeat(41), 'a parameter'],
  ['<b>', 'a parameter'],
  ['a b', 'a parameter'],
  [' a', 'a parameter'],
  ['', 'a parameter'],
])('of a wrong parameter %j the answer names %j', (name, about) => {
  const twice = new URLSearchParams([
    [name, '1'],
    [name, '2'],
  ]);
  expect(parseParameters(twice)).toMatchObject({ reason: 'duplicate_parameter', about });
});

test('a parameter without a value counts as absent', () => {
  const parsed = parseParameters(new URLSearchParams('a=&b=1'));
  expect(parsed.ok && [...parsed.value]).toEqual([['b', '1']]);
});

const FORM = 'application/x-www-form-urlencoded';
test.each<[string, string, string, string, string]>([
  ['a form', 'https://x.example/t', FORM, 'a=1', 'ok'],
  ['a form in UTF-8', 'https://x.example/t', `${FORM}; charset=utf-8`, 'a=1', 'ok'],
  ['a form with blanks', 'https://x.example/t', `${FORM} ;  charset=utf-8`, 'a=1', 'ok'],
  ['a form without blanks', 'https://x.example/t', `${FORM};charset=utf-8`, 'a=1', 'ok'],
  ['something before the type', 'https://x.example/t', `x${FORM}`, 'a=1', 'not_a_form'],
  ['something behind the type', 'https://x.example/t', `${FORM}x;charset=utf-8`, 'a=1', 'not_a_form'],
  ['a form that is no UTF-8', 'https://x.example/t', FORM, 'a=%ff', 'malformed_parameter'],
  ['JSON', 'https://x.example/t', 'application/json', '{"a":1}', 'not_a_form'],
  ['text', 'https://x.example/t', 'text/plain', 'a=1', 'not_a_form'],
  ['a form in another charset', 'https://x.example/t', `${FORM}; charset=utf-7`, 'a=1', 'not_a_form'],
  ['a query', 'https://x.example/t?a=1', FORM, 'b=1', 'parameters_in_query'],
  ['17 KB', 'https://x.example/t', FORM, `a=${'x'.repeat(17_000)}`, 'body_too_large'],
])('body: %s', async (_what, url, type, body, outcome) => {
  const request = new Request(url, { method: 'POST', headers: { 'content-type': type }, body });
  const read = await readForm(request as unknown as Parameters<typeof readForm>[0]);
  expect(read.ok ? 'ok' : read.reason).toBe(outcome);
});

test('of a body that is no UTF-8 the answer names the body', async () => {
  const request = new Request('https://x.example/t', {
    method: 'POST',
    headers: { 'content-type': FORM },
    body: 'a=%ff',
  });
  const read = await readForm(request as unknown as Parameters<typeof readForm>[0]);
  expect(read).toEqual({ ok: false, reason: 'malformed_parameter', about: 'body' });
});
