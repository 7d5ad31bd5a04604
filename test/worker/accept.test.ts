import { expect, test } from 'vitest';
import { readMessage } from '../support/mcp-call.ts';
import { type Person, settlePerson } from '../support/people.ts';
import { sharedStack } from '../support/shared-stack.ts';

const stack = sharedStack();
const VERSION = '2026-07-28';

/** `whoami` with exactly these headers beside the ones that HTTP needs; null leaves `Accept` out. */
async function whoami(ann: Person, era: '2025' | '2026', accept: string | null): Promise<Response> {
  const meta = {
    'io.modelcontextprotocol/protocolVersion': VERSION,
    'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1.0.0' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const headers = new Headers({ 'content-type': 'application/json', authorization: `Bearer ${ann.token}` });
  // fetch puts `*/*` where there is none, so an empty one stands for it.
  headers.set('accept', accept ?? '');
  if (era === '2026') {
    headers.set('mcp-protocol-version', VERSION);
    headers.set('mcp-method', 'tools/call');
    headers.set('mcp-name', 'whoami');
  }
  return fetch(stack.mcpUrl, {
    method: 'POST',
    headers,
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'whoami', arguments: {}, ...(era === '2026' ? { _meta: meta } : {}) },
    }),
  });
}

test.each(['2025', '2026'] as const)('a client of %s that accepts anything is answered', async (era) => {
  const ann = await settlePerson(stack, { name: 'Ann' });
  for (const accept of ['*/*', null, 'application/*, text/*', 'Application/Json, Text/Event-Stream']) {
    const response = await whoami(ann, era, accept);
    expect([accept, response.status]).toEqual([accept, 200]);
    expect(await readMessage(response)).toMatchObject({
      result: { structuredContent: { tenant: { id: ann.tenant } } },
    });
  }
});

test('a client of 2025 that could not read the answer is told so', async () => {
  const ann = await settlePerson(stack, { name: 'Ann' });
  for (const accept of ['application/json', 'text/html', '*/*, text/event-stream;q=0'])
    expect([accept, (await whoami(ann, '2025', accept)).status]).toEqual([accept, 406]);
});
