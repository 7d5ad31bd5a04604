import { describe, expect, test } from 'vitest';
import { parseOrigins } from '../../../worker/http/parse-origins.ts';

test.each([
  ['nothing', '', []],
  ['one', 'https://app.example.com', ['https://app.example.com']],
  [
    'two, with blanks',
    ' https://a.example ,https://b.example:8443 ',
    ['https://a.example', 'https://b.example:8443'],
  ],
  [
    'the own computer',
    'http://localhost:6274,http://127.0.0.1:6274,http://[::1]:6274',
    ['http://localhost:6274', 'http://127.0.0.1:6274', 'http://[::1]:6274'],
  ],
])('%s', (_what, text, origins) => {
  expect(parseOrigins(text)).toEqual(origins);
});

describe('what is no origin of a browser is refused, not matched by chance', () => {
  test.each([
    '*',
    'https://*.example.com',
    'null',
    'app.example.com',
    'https://app.example.com/',
    'https://app.example.com/path',
    'https://App.example.com',
    'https://app.example.com:443',
    'https://user@app.example.com',
    'http://app.example.com',
    'http://127.0.0.1.example.com',
    'file:///etc',
    'javascript:alert(1)',
    'https://a.example, *',
  ])('%s', (text) => {
    expect(parseOrigins(text)).toBeNull();
  });
});
