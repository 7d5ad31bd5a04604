import { describe, expect, test } from 'vitest';
import { EntryRefused } from '../../../worker/database/errors.ts';
import { Refusal } from '../../../worker/http/refusal.ts';
import { callerOf, namedMethod } from '../../../worker/tokens/token-use.ts';
import { UseRecorder } from '../../../worker/tokens/use-recorder.ts';

const recorder = () => new UseRecorder('POST', '/mcp');

describe('what a request came to', () => {
  test.each<[string, unknown, number, object]>([
    ['a success', undefined, 200, { outcome: 'ok', reason: null, admitted: true }],
    [
      'a revoked token',
      new EntryRefused('revoked', []),
      401,
      { outcome: 'refused', reason: 'revoked', admitted: false },
    ],
    [
      'a refusal',
      new Refusal('not_found', 'x'),
      404,
      { outcome: 'refused', reason: 'not_found', admitted: true },
    ],
    ['a bug', new Error('x'), 500, { outcome: 'failed', reason: 'http_500', admitted: true }],
  ])('%s', async (_what, error, status, expected) => {
    expect(await recorder().ended({ status }, error)).toMatchObject(expected);
  });

  test("a tool's error inside a success, known only after the response has begun", async () => {
    const use = recorder();
    use.asks('tools/call', 'run_model');
    use.workBegins();
    const ended = use.ended({ status: 200 }, undefined);
    use.refused('project_archived');
    use.workEnded();
    expect(await ended).toMatchObject({
      method: 'tools/call',
      target: 'run_model',
      outcome: 'refused',
      reason: 'project_archived',
    });
  });
});

describe('what a client chooses freely', () => {
  test.each(['x'.repeat(61), 'a\nb', 'tools/call\u0000', 'btk_secret 1', '', '{"a":1}'])(
    'is no method: %j',
    (method) => {
      expect(namedMethod(method)).toBe('(other)');
    },
  );

  test('keeps no control character, no half of a pair, and no more than its bound', () => {
    const who = { userId: null, credential: { kind: 'api_token', id: 'tok_1' } } as const;
    const caller = callerOf(who, {
      requestId: 'req_1',
      address: `192.0.2.1\r\n${'x'.repeat(100)}`,
      userAgent: `curl\u0000\u001b[31m\u2028${'y'.repeat(173)}\ud83d\ude00${'z'.repeat(100)}`,
    });
    expect(caller.address).toBe(`192.0.2.1  ${'x'.repeat(53)}`);
    expect(caller.agent).toHaveLength(200);
    expect(caller.agent).toMatch(/^curl {2}\[31m y+/);
    expect(caller.agent?.isWellFormed()).toBe(true);
  });
});
