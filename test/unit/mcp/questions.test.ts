import { inputRequired, type JSONRPCMessage, Server, type ServerContext } from '@modelcontextprotocol/server';
import { expect, test } from 'vitest';
import type { Refusal } from '../../../worker/http/refusal.ts';
import { Entry } from '../../../worker/mcp/entry.ts';
import type { McpCall } from '../../../worker/mcp/mcp-call.ts';
import { answer } from '../../../worker/mcp/perform.ts';
import { PRODUCT } from '../../../worker/mcp/product-offer.ts';
import { accepted } from '../../../worker/mcp/request-kind.ts';
import { PostExchange } from '../../../worker/mcp/session/post-exchange.ts';
import { SessionTransport } from '../../../worker/mcp/session/session-transport.ts';
import { UseRecorder } from '../../../worker/tokens/use-recorder.ts';

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

test('nor in the 2026 era, where a question is a result', async () => {
  const request = accepted({
    target: 'any',
    needs: { scopes: [], role: null },
    async run({ principal }) {
      principal.entered?.({} as never);
      return inputRequired({
        inputRequests: { model: inputRequired.createMessage({ messages: [], maxTokens: 1 }) },
      });
    },
  });
  const mcp = {
    ...{ judged: request, offer: PRODUCT, entry: new Entry(), principal: {}, platform: {} },
    call: { requestId: 'req_test' },
    use: new UseRecorder('POST', '/mcp'),
  } as unknown as McpCall;
  const context = { mcpReq: { signal: new AbortController().signal } } as unknown as ServerContext;
  const kind = {
    audited: { action: 'test.ask', kind: 'test' },
    inputOf: () => ({}),
    judge: () => request,
    refuse: ({ code }: Refusal) => ({ code }),
  };
  expect(await answer(kind, {}, mcp, context)).toEqual({ code: 'internal' });
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
