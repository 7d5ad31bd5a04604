import { expect, test } from 'vitest';
import { parseLoopbackOrigins } from '../../../worker/outbound/loopback-origins.ts';

test.each<[string, readonly string[] | null]>([
  ['', []],
  ['http://127.0.0.1:9000', ['http://127.0.0.1:9000']],
  ['http://127.0.0.1:9000, http://localhost', ['http://127.0.0.1:9000', 'http://localhost']],
  ['http://[::1]:9000', ['http://[::1]:9000']],
  ['http://127.0.0.1:9000/', null],
  ['http://127.0.0.1:*', null],
  ['*', null],
  ['http://127.1:9000', null],
  ['http://LOCALHOST:9000', null],
  ['http://localhost.evil.example', null],
  ['http://10.0.0.1:9000', null],
  ['http://127.0.0.1:9000, http://10.0.0.1', null],
  ['https://127.0.0.1:9000', null],
  ['https://agent.example', null],
  ['ftp://127.0.0.1', null],
  ['blob:http://127.0.0.1:9000', null],
])('%j names the origins %j of this machine', (text, origins) => {
  expect(parseLoopbackOrigins(text)).toEqual(origins);
});
