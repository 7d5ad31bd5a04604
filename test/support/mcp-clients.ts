import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as ClientOf1 } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as TransportOf1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { TestStack } from './stack.ts';

const INFO = { name: 'reader', version: '1' };

export interface Content {
  readonly uri: string;
  readonly mimeType?: string;
  readonly text?: string;
  readonly blob?: string;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

export interface Listed {
  readonly uri: string;
  readonly name: string;
  readonly title?: string;
  readonly mimeType?: string;
}

export interface Message {
  readonly role: string;
  readonly content: { readonly type: string; readonly text?: string; readonly resource?: Content };
}

/** What the tests ask of a client, whichever SDK it is of. */
export interface Reader {
  readonly list: (cursor?: string) => Promise<{ resources: Listed[]; nextCursor?: string }>;
  readonly templates: () => Promise<{ uriTemplate: string; name: string }[]>;
  readonly read: (uri: string) => Promise<Content[]>;
  readonly prompts: () => Promise<{ name: string; arguments?: { name: string; required?: boolean }[] }[]>;
  readonly prompt: (name: string, args: Record<string, string>) => Promise<Message[]>;
  readonly complete: (
    ref: { type: 'ref/prompt'; name: string } | { type: 'ref/resource'; uri: string },
    argument: { name: string; value: string },
    known?: Record<string, string>,
  ) => Promise<{ values: string[]; total?: number; hasMore?: boolean }>;
  readonly instructions: () => string | undefined;
  readonly close: () => Promise<void>;
}

/** A client of revision 2026-07-28 and one of 2025-11-25, each of its own SDK, with this token. */
export const READERS: readonly (readonly [string, (stack: TestStack, token: string) => Promise<Reader>])[] = [
  ['2026-07-28', connectSdk2],
  ['2025-11-25', connectSdk1],
];

async function connectSdk2(stack: TestStack, token: string): Promise<Reader> {
  const client = new Client(INFO, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  await client.connect(
    new StreamableHTTPClientTransport(new URL(stack.mcpUrl), { requestInit: withToken(token) }),
  );
  return asReader(client as unknown as AnyClient);
}

async function connectSdk1(stack: TestStack, token: string): Promise<Reader> {
  const client = new ClientOf1(INFO);
  const transport = new TransportOf1(new URL(stack.mcpUrl), { requestInit: withToken(token) });
  await client.connect(transport as Transport);
  return asReader(client as unknown as AnyClient);
}

/** What both SDKs' clients have. */
interface AnyClient {
  listResources(params: object): Promise<{ resources: Listed[]; nextCursor?: string }>;
  listResourceTemplates(): Promise<{ resourceTemplates: { uriTemplate: string; name: string }[] }>;
  readResource(params: object): Promise<{ contents: Content[] }>;
  listPrompts(): Promise<{ prompts: { name: string; arguments?: { name: string; required?: boolean }[] }[] }>;
  getPrompt(params: object): Promise<{ messages: Message[] }>;
  complete(params: object): Promise<{ completion: { values: string[]; total?: number; hasMore?: boolean } }>;
  getInstructions(): string | undefined;
  close(): Promise<void>;
}

function asReader(client: AnyClient): Reader {
  return {
    list: (cursor) => client.listResources(cursor === undefined ? {} : { cursor }),
    templates: async () => (await client.listResourceTemplates()).resourceTemplates,
    read: async (uri) => (await client.readResource({ uri })).contents,
    prompts: async () => (await client.listPrompts()).prompts,
    prompt: async (name, args) => (await client.getPrompt({ name, arguments: args })).messages,
    complete: async (ref, argument, known) =>
      (
        await client.complete({
          ref,
          argument,
          ...(known === undefined ? {} : { context: { arguments: known } }),
        })
      ).completion,
    instructions: () => client.getInstructions(),
    close: () => client.close(),
  };
}

function withToken(token: string) {
  return { headers: { authorization: `Bearer ${token}` } };
}
