import { expect, test } from 'vitest';
import { PostExchange } from '../../../worker/mcp/session/post-exchange.ts';

test('a call that was cancelled before it waits for its run ends as cancelled, and not as a fault', async () => {
  const exchange = new PostExchange(1, new AbortController().signal);
  exchange.openStream();
  await exchange.cancel(1);
  exchange.resumeAfter('an-event');
  await exchange.send({ jsonrpc: '2.0', id: 1, result: {} });
  expect(await (await exchange.response).text()).toBe('');
});
