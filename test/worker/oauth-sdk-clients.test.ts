import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { DemoClient } from '../../examples/demo/clients/demo-client.ts';
import { serveDocuments } from '../support/document-host.ts';
import { MemoryProvider } from '../support/memory-provider.ts';
import { REDIRECT, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { agree, type Dial, dialSdk1, dialSdk2, signInByOAuth } from '../support/sdk-clients.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const PATIENCE = { timeoutMs: 30_000 };

let browser: Visitor;
beforeAll(async () => {
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});

/** Connects with what the provider knows. */
async function reconnect(dial: Dial, provider: MemoryProvider): Promise<DemoClient> {
  const client = await dial(stack.mcpUrl, provider).connect();
  onTestFinished(() => client.close());
  return client;
}

/** Is let in by Ann. */
async function connect(
  dial: Dial,
  provider: MemoryProvider,
  change?: (url: URL) => void,
): Promise<DemoClient> {
  const client = await signInByOAuth(() => dial(stack.mcpUrl, provider), provider, browser, change);
  onTestFinished(() => client.close());
  return client;
}

async function expectWorking(client: DemoClient): Promise<void> {
  expect((await client.callTool('whoami', {}, PATIENCE)).isError).toBeFalsy();
}

describe('the client of revision 2026-07-28', () => {
  const dial = dialSdk2({ pin: '2026-07-28' });

  test('adds only the address, registers, is let in, and works', async () => {
    const provider = new MemoryProvider();
    await expectWorking(await connect(dial, provider));
    expect(provider.known.client?.client_id).toMatch(/^cli_/);
  });

  test('steps up after 403: the person is asked for the union, and the call then works', async () => {
    const provider = new MemoryProvider();
    const client = await connect(dial, provider, (url) => url.searchParams.set('scope', 'projects:read'));
    await expect(client.callTool('create_project', { name: 'Stepped up' }, PATIENCE)).rejects.toThrow();
    const asked = new Set(provider.asked?.searchParams.get('scope')?.split(' '));
    expect(asked).toContain('projects:write');
    expect(asked).toContain('projects:read');
    const again = dial(stack.mcpUrl, provider);
    await again.finishAuth(await agree(browser, provider));
    const steppedUp = await again.connect();
    onTestFinished(() => steppedUp.close());
    const created = await steppedUp.callTool('create_project', { name: 'Stepped up' }, PATIENCE);
    expect(created.isError).toBeFalsy();
  });

  test('refreshes by itself when its access token is refused', async () => {
    const provider = new MemoryProvider();
    await connect(dial, provider);
    const { tokens } = provider.known;
    provider.known.tokens = { ...tokens, token_type: 'Bearer', access_token: `${tokens?.access_token}x` };
    const client = await reconnect(dial, provider);
    expect((await client.listTools()).length).toBeGreaterThan(10);
    expect(provider.asked).toBeNull();
    expect(provider.known.tokens?.refresh_token).not.toBe(tokens?.refresh_token);
  });

  describe('that is known by its metadata document', () => {
    let origin = '';
    let stop: () => Promise<void>;
    beforeAll(async () => {
      ({ origin, stop } = await serveDocuments((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        const metadata = new MemoryProvider().clientMetadata;
        response.end(JSON.stringify({ client_id: `${origin}/client.json`, ...metadata }));
      }));
    });
    afterAll(() => stop());

    test('never registers, is let in, and works', async () => {
      const id = `${origin}/client.json`;
      await expectWorking(await connect(dial, new MemoryProvider({ client_id: id })));
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
  test('adds only the address, registers, is let in, works, and is refreshed', async () => {
    const provider = new MemoryProvider();
    let redirect: string | null = null;
    const client = await connect(dialSdk1, provider, (url) => {
      redirect = url.searchParams.get('redirect_uri');
    });
    expect(redirect).toBe(REDIRECT);
    await expectWorking(client);

    const { tokens } = provider.known;
    provider.known.tokens = { ...tokens, token_type: 'Bearer', access_token: 'ended' };
    const again = await reconnect(dialSdk1, provider);
    expect((await again.listTools()).length).toBeGreaterThan(10);
    expect(provider.asked).toBeNull();
  });
});
