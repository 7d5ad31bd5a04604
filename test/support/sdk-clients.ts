import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOf1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportOf1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { asDemoClient as asDemoClientOf1 } from '../../examples/demo/clients/connect-2025.ts';
import { asDemoClient } from '../../examples/demo/clients/connect-2026.ts';
import type { DemoClient } from '../../examples/demo/clients/demo-client.ts';
import type { MemoryProvider } from './memory-provider.ts';
import { decide } from './oauth.ts';
import type { Visitor } from './visitor.ts';

const INFO = { name: 'sdk-agent', version: '1.0.0' };

/** A client of an SDK that is given the address alone, before and after its person let it in. */
export interface Dialling {
  /** Rejects where the person must be asked; the provider then knows where. */
  readonly connect: () => Promise<DemoClient>;
  /** Redeems what the redirect carried. */
  readonly finishAuth: (back: URLSearchParams) => Promise<void>;
}

export type Dial = (mcpUrl: string, provider: MemoryProvider) => Dialling;

/** The client of SDK 2, in the revision 2026-07-28, or as it is by default, which opens with `initialize`. */
export const dialSdk2 =
  (mode: { readonly pin: '2026-07-28' } | 'legacy'): Dial =>
  (mcpUrl, provider) => {
    const client = new Client(INFO, { versionNegotiation: { mode } });
    const transport = new StreamableHTTPClientTransport(new URL(mcpUrl), { authProvider: provider.for2026 });
    return {
      async connect() {
        await client.connect(transport);
        return asDemoClient(client);
      },
      finishAuth: (back) => transport.finishAuth(back),
    };
  };

/** The client of SDK 1, which most agents are made of. */
export const dialSdk1: Dial = (mcpUrl, provider) => {
  const client = new ClientOf1(INFO);
  const transport = new TransportOf1(new URL(mcpUrl), { authProvider: provider.for2025 });
  return {
    async connect() {
      await client.connect(transport as Transport);
      return asDemoClientOf1(client, transport);
    },
    finishAuth: (back) => transport.finishAuth(back.get('code') ?? ''),
  };
};

/** The person's part: the SDK's address in their browser, and their yes. What the redirect carries. */
export async function agree(
  browser: Visitor,
  provider: MemoryProvider,
  change: (url: URL) => void = () => {},
): Promise<URLSearchParams> {
  const { asked } = provider;
  if (asked === null) throw new Error('the SDK did not ask for authorization');
  provider.asked = null;
  change(asked);
  return (await decide(browser, `${asked.pathname}${asked.search}`)).searchParams;
}

/** Dials, is refused, is let in by the person, and dials again. */
export async function signInByOAuth(
  dial: () => Dialling,
  provider: MemoryProvider,
  browser: Visitor,
  change?: (url: URL) => void,
): Promise<DemoClient> {
  const first = dial();
  const refused = await first.connect().then(
    () => false,
    () => true,
  );
  if (!refused) throw new Error('the server let in a client that nobody agreed to');
  await first.finishAuth(await agree(browser, provider, change));
  return dial().connect();
}

/**
 * A client whose program does as the protocol tells it when a call needs more than was agreed to: it asks the person,
 * dials again and repeats the call. `asked` collects the scopes that it asked for each time.
 */
export async function steppingUp(
  client: DemoClient,
  {
    dial,
    provider,
    browser,
    asked,
  }: {
    readonly dial: () => Dialling;
    readonly provider: MemoryProvider;
    readonly browser: Visitor;
    readonly asked: string[];
  },
): Promise<DemoClient> {
  let current = client;
  return {
    revision: client.revision,
    listTools: () => current.listTools(),
    async callTool(...call) {
      try {
        return await current.callTool(...call);
      } catch (thrown) {
        if (provider.asked === null) throw thrown;
        asked.push(provider.asked.searchParams.get('scope') ?? '');
        const again = dial();
        await again.finishAuth(await agree(browser, provider));
        await current.close();
        current = await again.connect();
        return current.callTool(...call);
      }
    },
    close: () => current.close(),
  };
}
