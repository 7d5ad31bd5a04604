import { describe, expect, test } from 'vitest';
import { limit } from '../../../protocol/limits.ts';
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

describe('what a call that waits, or a stream, would hold is small', () => {
  const MIB = 1024 * 1024;
  const parse = (message: object) => () => parseMessage(JSON.stringify({ jsonrpc: '2.0', ...message }));
  const large = { x: 'y'.repeat(MIB) };
  const name = 'i'.repeat(257);

  test.each<[string, object]>([
    ['an id', { id: name, method: 'ping' }],
    ['the id of an answer', { id: name, result: {} }],
    ['a progress token', { id: 1, method: 'tools/call', params: { _meta: { progressToken: name } } }],
    ['the id of what is cancelled', { method: 'notifications/cancelled', params: { requestId: name } }],
  ])('%s has 256 characters at most', (_what, message) => {
    expect(parse(message)).toThrow(expect.objectContaining({ code: 'invalid_arguments' }));
    expect(parse(JSON.parse(JSON.stringify(message).replace(name, name.slice(1))))).not.toThrow();
  });

  test.each<[string, object]>([
    ['_meta', { id: 1, method: 'tools/call', params: { name: 'get_run', arguments: {}, _meta: large } }],
    ['parameters that nobody knows', { id: 1, method: 'tools/call', params: { name: 'get_run', ...large } }],
    ['what stands beside them', { id: 1, method: 'tools/call', params: { name: 'get_run' }, ...large }],
    ['arguments of what takes none', { id: 1, method: 'subscriptions/listen', params: { arguments: large } }],
    ['parameters that are a list', { id: 1, method: 'tools/call', params: [large] }],
    ['a notification', { method: 'notifications/progress', params: large }],
  ])('%s', (_what, message) => {
    expect(parse(message)).toThrow(expect.objectContaining({ code: 'request_too_large' }));
  });

  test.each<[string, object]>([
    [
      'arguments of a tool',
      { id: 1, method: 'tools/call', params: { name: 'write_files', arguments: large } },
    ],
    ['arguments of a prompt', { id: 1, method: 'prompts/get', params: { name: 'x', arguments: large } }],
    ['an answer, which nobody holds', { id: 1, result: large }],
    ['what is not large', { id: 1, method: 'tools/call', params: { _meta: { x: 'y'.repeat(60_000) } } }],
  ])('but for %s', (_what, message) => {
    expect(parse(message)).not.toThrow();
  });

  test('the bound is what is left without the arguments, and the refusal names it', () => {
    const call = (padding: number) => ({
      id: 1,
      method: 'tools/call',
      params: { name: 'write_files', pad: 'y'.repeat(padding), arguments: large },
    });
    const { arguments: _, ...others } = call(0).params;
    const most = limit('mcp_message_chars');
    const room = most - JSON.stringify({ jsonrpc: '2.0', ...call(0), params: others }).length;
    expect(parse(call(room))).not.toThrow();
    expect(parse(call(room + 1))).toThrow(
      expect.objectContaining({
        message: `Beside the arguments of its call the message is over ${most} characters.`,
        details: { limit: 'mcp_message_chars', value: most },
      }),
    );
  });
});
