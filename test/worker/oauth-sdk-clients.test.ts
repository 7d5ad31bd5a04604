import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOf2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportOf2025 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { MemoryProvider } from '../support/memory-provider.ts';
import { decide, REDIRECT, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const INFO = { name: 'sdk-agent', version: '1.0.0' };

let browser: Visitor;
beforeAll(async () => {
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});

/** The person's part: the SDK's address in the browser, and their yes. Returns what the redirect carries. */
async function agree(
  provider: MemoryProvider,
  change: (url: URL) => void = () => {},
): Promise<URLSearchParams> {
  const { asked } = provider;
  if (asked === null) throw new Error('the SDK did not ask for authorization');
  provider.asked = null;
  change(asked);
  return (await decide(browser, `${asked.pathname}${asked.search}`)).searchParams;
}

describe('the client of revision 2026-07-28', () => {
  const make = (provider: MemoryProvider) => {
    const client = new Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
    const transport = new StreamableHTTPClientTransport(new URL(stack.mcpUrl), {
      authProvider: provider.for2026,
    });
    onTestFinished(() => client.close());
    return { client, transport };
  };

  async function connect(provider: MemoryProvider, change?: (url: URL) => void): Promise<Client> {
    const first = make(provider);
    await expect(first.client.connect(first.transport)).rejects.toThrow();
    await first.transport.finishAuth(await agree(provider, change));
    const second = make(provider);
    await second.client.connect(second.transport);
    return second.client;
  }

  test('adds only the address, registers, is let in, and works', async () => {
    const provider = new MemoryProvider();
    const client = await connect(provider);
    expect((await client.callTool({ name: 'whoami', arguments: {} })).isError).toBeFalsy();
    expect(provider.known.client?.client_id).toMatch(/^cli_/);
  });

  test('steps up after 403: the person is asked for the union, and the call then works', async () => {
    const provider = new MemoryProvider();
    const client = await connect(provider, (url) => url.searchParams.set('scope', 'projects:read'));
    const create = () => client.callTool({ name: 'create_project', arguments: { name: 'Stepped up' } });
    await expect(create()).rejects.toThrow();
    const asked = new Set(provider.asked?.searchParams.get('scope')?.split(' '));
    expect(asked).toContain('projects:write');
    expect(asked).toContain('projects:read');
    const again = make(provider);
    await again.transport.finishAuth(await agree(provider));
    await again.client.connect(again.transport);
    const created = await again.client.callTool({
      name: 'create_project',
      arguments: { name: 'Stepped up' },
    });
    expect(created.isError).toBeFalsy();
  });

  test('refreshes by itself when its access token is refused', async () => {
    const provider = new MemoryProvider();
    await connect(provider);
    const { tokens } = provider.known;
    provider.known.tokens = { ...tokens, token_type: 'Bearer', access_token: `${tokens?.access_token}x` };
    const { client, transport } = make(provider);
    await client.connect(transport);
    expect((await client.listTools()).tools.length).toBeGreaterThan(10);
    expect(provider.asked).toBeNull();
    expect(provider.known.tokens?.refresh_token).not.toBe(tokens?.refresh_token);
  });

  describe('that is known by its metadata document', () => {
    let origin = '';
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const metadata = new MemoryProvider().clientMetadata;
      response.end(JSON.stringify({ client_id: `${origin}/client.json`, ...metadata }));
    });
    beforeAll(async () => {
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => new Promise((resolve) => server.close(resolve)));

    test('never registers, is let in, and works', async () => {
      const id = `${origin}/client.json`;
      const client = await connect(new MemoryProvider({ client_id: id }));
      expect((await client.callTool({ name: 'whoami', arguments: {} })).isError).toBeFalsy();
      const [row] = await queryAs(
        stack.superuserUrl,
        'select origin from app.oauth_clients where client_id = $1',
        [id],
      );
      expect(row).toEqual({ origin: 'document' });
    });
  });
});

describe('the client of revision 2025-11-25', () => {
  const make = (provider: MemoryProvider) => {
    const client = new ClientOf2025(INFO);
    const transport = new TransportOf2025(new URL(stack.mcpUrl), { authProvider: provider.for2025 });
    onTestFinished(() => client.close());
    return { client, transport };
  };

  test('adds only the address, registers, is let in, works, and is refreshed', async () => {
    const provider = new MemoryProvider();
    const first = make(provider);
    await expect(first.client.connect(first.transport as Transport)).rejects.toThrow();
    expect(provider.asked?.searchParams.get('redirect_uri')).toBe(REDIRECT);
    await first.transport.finishAuth((await agree(provider)).get('code') ?? '');

    const second = make(provider);
    await second.client.connect(second.transport as Transport);
    expect((await second.client.callTool({ name: 'whoami', arguments: {} })).isError).toBeFalsy();

    const { tokens } = provider.known;
    provider.known.tokens = { ...tokens, token_type: 'Bearer', access_token: 'ended' };
    const third = make(provider);
    await third.client.connect(third.transport as Transport);
    expect((await third.client.listTools()).tools.length).toBeGreaterThan(10);
    expect(provider.asked).toBeNull();
  });
});
