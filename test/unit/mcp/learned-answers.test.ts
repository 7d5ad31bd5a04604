import { describe, expect, test } from 'vitest';
import { LearnedAnswers } from '../../../worker/mcp/learned-answers.ts';

interface Asked {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: object;
}

/** A server that says how often it was asked, and writes its answers as `write` does. */
function play(write: (id: unknown, asked: Asked) => Response = tell) {
  const answers = new LearnedAnswers();
  const served: Asked[] = [];
  return {
    served,
    async ask(message: Asked, headers: Record<string, string> = {}) {
      const response = await answers.answer(
        new Request('http://server/', { headers }),
        message,
        async (asked) => {
          served.push(asked as Asked);
          return write((asked as Asked).id, asked as Asked);
        },
      );
      return {
        status: response.status,
        type: response.headers.get('content-type'),
        text: await response.text(),
      };
    },
  };
}

const tell = (id: unknown, { method, params }: Asked) =>
  Response.json({ result: { method, params }, jsonrpc: '2.0', id });
const LIST: Asked = { id: 1, method: 'tools/list' };

test.each([[1], [0], [-7], ['1'], [''], ['a "quoted" \\ \u202e id'], [Number.MAX_SAFE_INTEGER]])(
  'who asks what was asked before is told the same under their own id: %j',
  async (id) => {
    const { ask, served } = play();
    const first = await ask({ ...LIST, id: 'first' });
    const again = await ask({ ...LIST, id });
    expect(served).toHaveLength(1);
    expect(JSON.parse(first.text)).toEqual({ result: { method: 'tools/list' }, jsonrpc: '2.0', id: 'first' });
    expect(JSON.parse(again.text)).toEqual({ result: { method: 'tools/list' }, jsonrpc: '2.0', id });
    expect(again).toMatchObject({ status: 200, type: first.type });
  },
);

test.each<[string, Asked, Record<string, string>]>([
  ['another method', { ...LIST, method: 'prompts/list' }, {}],
  ['other parameters', { ...LIST, params: { cursor: 'x' } }, {}],
  ['another version', LIST, { 'mcp-protocol-version': '2025-11-25' }],
  ['another method in its header', LIST, { 'mcp-method': 'tools/call' }],
  ['another name in its header', LIST, { 'mcp-name': 'whoami' }],
  ['another type accepted', LIST, { accept: 'text/event-stream' }],
  ['another type sent', LIST, { 'content-type': 'text/plain' }],
])('%s is asked of the server', async (_what, message, headers) => {
  const { ask, served } = play();
  await ask(LIST);
  await ask(message, headers);
  expect(served).toHaveLength(2);
});

describe('each time is asked of the server, under the asker’s own id,', () => {
  test.each<[string, (id: unknown) => Response]>([
    ['what it refuses', (id) => Response.json({ id, error: {} }, { status: 400 })],
    ['what it answers as a stream', (id) => new Response(`data: ${JSON.stringify({ id })}\n\n`)],
    ['what holds the id twice', (id) => Response.json({ id, result: { id } })],
    ['what holds no id', () => Response.json({ result: {} })],
  ])('%s', async (_what, write) => {
    const { ask, served } = play(write);
    for (const id of [1, 2]) expect((await ask({ ...LIST, id })).text).toBe(await write(id).text());
    expect(served.map(({ id }) => id)).toEqual(expect.arrayContaining([1, 2]));
  });

  test.each([
    ['null', null],
    ['a fraction', 1.5],
    ['an object', { a: 1 }],
    ['none', undefined],
  ])('a message whose id is %s', async (_what, id) => {
    const { ask, served } = play();
    await ask(LIST);
    await ask({ ...LIST, id });
    expect(served.at(-1)).toHaveProperty('id', id);
  });

  test('a long message', async () => {
    const { ask, served } = play();
    const long = { ...LIST, params: { cursor: 'x'.repeat(5000) } };
    await ask(long);
    await ask(long);
    expect(served).toEqual([long, long]);
  });
});

test('what many different messages leave in memory is bounded: the oldest are forgotten', async () => {
  const { ask, served } = play();
  for (let n = 0; n < 65; n++) await ask({ ...LIST, params: { n } });
  await ask({ ...LIST, params: { n: 64 } });
  expect(served).toHaveLength(65);
  await ask({ ...LIST, params: { n: 0 } });
  expect(served).toHaveLength(66);
});
