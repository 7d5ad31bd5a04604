import { describe, expect, test } from 'vitest';
import { parseMessage } from '../../../worker/mcp/parse-message.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('a message gives its method and parameters', () => {
  expect(
    parseMessage(bytes('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"x"}}')),
  ).toMatchObject({
    method: 'tools/call',
    params: { name: 'x' },
  });
});

test('a method that is no text is none', () => {
  expect(parseMessage(bytes('{"method":["ping"]}')).method).toBeNull();
});

test('what is no message is refused as invalid arguments', () => {
  expect(() => parseMessage(bytes('[]'))).toThrow(expect.objectContaining({ code: 'invalid_arguments' }));
});

describe('refused before anything is parsed into it', () => {
  test.each<[string, Uint8Array, string]>([
    ['a batch', bytes('[{"jsonrpc":"2.0","id":1,"method":"ping"}]'), 'Batches'],
    ['invalid UTF-8', Uint8Array.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), 'UTF-8'],
    ['a byte order mark', bytes('\ufeff{}'), 'byte order mark'],
    ['depth 10^6', bytes(`${'['.repeat(1_000_000)}${']'.repeat(1_000_000)}`), 'nested'],
    ['depth hidden behind a string', bytes(`{"a":"\\"]","b":${'['.repeat(70)}${']'.repeat(70)}}`), 'nested'],
    ['no JSON', bytes('{"a":'), 'not valid JSON'],
    ['a bare string', bytes('"tools/call"'), 'not a JSON-RPC message'],
    ['null', bytes('null'), 'not a JSON-RPC message'],
    ['nothing', bytes(''), 'not valid JSON'],
  ])('%s', (_what, body, reason) => {
    expect(() => parseMessage(body)).toThrow(reason);
  });
});

test('brackets inside strings do not count as depth', () => {
  expect(() => parseMessage(bytes(JSON.stringify({ a: '['.repeat(1000) })))).not.toThrow();
});
