import { describe, expect, test } from 'vitest';
import { accepts } from '../../../worker/http/widen-accept.ts';

const JSON_TYPE = 'application/json';
const STREAM = 'text/event-stream';

describe('Accept means what RFC 9110 says', () => {
  test.each<[string, string | null, boolean, boolean]>([
    ['none', null, true, true],
    ['an empty one', '', true, true],
    ['anything', '*/*', true, true],
    ['what MCP asks for', 'application/json, text/event-stream', true, true],
    ['in other letters and order', 'TEXT/Event-Stream,Application/JSON', true, true],
    ['with weights', 'application/json;q=0.9, text/event-stream; q=0.5', true, true],
    ['partial wildcards', 'application/*, text/*', true, true],
    ['one type', 'application/json', true, false],
    ['the other', 'text/event-stream', false, true],
    ['anything but a stream', '*/*, text/event-stream;q=0', true, false],
    ['anything of little worth', '*/*;q=0.001', true, true],
    ['nothing', '*/*;q=0', false, false],
    ['a refused family with one exception', 'text/*;q=0.000, text/event-stream, */*', true, true],
    ['something else', 'text/html', false, false],
    ['a name that only begins like one', 'application/jsonp, text/event-streams', false, false],
    ['a browser', 'text/html,application/xhtml+xml,*/*;q=0.8', true, true],
    ['separators alone', ' , ;q=0,', true, true],
  ])('%s', (_, accept, json, stream) => {
    expect([accepts(accept, JSON_TYPE), accepts(accept, STREAM)]).toEqual([json, stream]);
  });

  test('a header without an end does not make it backtrack', () => {
    expect(accepts(';q=0'.repeat(100_000), STREAM)).toBe(true);
    expect(accepts('*/*,'.repeat(100_000), STREAM)).toBe(true);
  });
});
