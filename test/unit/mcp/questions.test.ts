import { type JSONRPCMessage, Server } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import { PRODUCT } from '../../../worker/mcp/product-offer.ts';
import { PostExchange } from '../../../worker/mcp/session/post-exchange.ts';
import { SessionTransport } from '../../../worker/mcp/session/session-transport.ts';

const CAN_ALL = { sampling: {}, roots: {}, elicitation: { form: {} } };

/** A server in a session whose tool tries to ask its client something; all that leaves for the client. */
async function ask(question: (server: Server) => Promise<unknown>): Promise<readonly string[]> {
  const known: string[] = [];
  const object = {
    expectAnswer: async (id: string) => known.push(id) > 0,
    answerTo: async (id: string) => JSON.stringify({ jsonrpc: '2.0', id, result: { action: 'decline' } }),
  };
  const server = new Server({ name: 'test', version: '1' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/call', async () => {
    const said = await question(server).catch((error: Error) => error.message);
    return { content: [{ type: 'text', text: JSON.stringify(said) }] };
  });
  const exchange = new PostExchange(1, new AbortController().signal);
  const transport = new SessionTransport(exchange, () => object as never, PRODUCT);
  await server.connect(transport);
  await transport.introduce({
    id: 'session',
    protocolVersion: '2025-11-25',
    client: { name: 'test', version: '1' },
    abilities: CAN_ALL,
    expiresAt: Number.POSITIVE_INFINITY,
  });
  exchange.onmessage?.({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'any' } });
  const text = await (await exchange.response).text();
  const messages = text.startsWith('{')
    ? [text]
    : [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data);
  return messages.map((message) => {
    const { method, ...rest } = JSON.parse(message) as JSONRPCMessage & { method?: string };
    return method ?? JSON.stringify(rest);
  });
}

test('what Causeway offers never asks a client’s model, whatever a tool tries', async () => {
  const sent = await ask((server) =>
    server.createMessage({
      messages: [{ role: 'user', content: { type: 'text', text: 'Hi' } }],
      maxTokens: 1,
    }),
  );
  expect(sent).toEqual([expect.stringContaining('asks no sampling/createMessage')]);
});

test('nor for its roots', async () => {
  const sent = await ask((server) => server.listRoots());
  expect(sent).toEqual([expect.stringContaining('asks no roots/list')]);
});

test('a person is asked', async () => {
  const sent = await ask((server) =>
    server.elicitInput({ message: 'Sure?', requestedSchema: { type: 'object', properties: {} } }),
  );
  expect(sent).toEqual(['elicitation/create', expect.stringContaining('decline')]);
});
