import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { serveDocuments } from '../support/document-host.ts';
import { callTool } from '../support/mcp-call.ts';
import {
  authorizePath,
  claimsOf,
  connect,
  newPkce,
  postForm,
  postRegistration,
  REDIRECT,
  registerClient,
  signedIn,
} from '../support/oauth.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { newAddress, settleAccount, type Visitor } from '../support/visitor.ts';

const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

let stack: TestStack;
let stop: () => Promise<void>;
let browser: Visitor;

/** A deployment that demands `resource` and knows two hosts. */
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({
    slots: 0,
    settings: {
      OAUTH_REQUIRE_RESOURCE: 'on',
      OAUTH_REDIRECT_HOSTS: 'claude.ai, chatgpt.com',
      LOOPBACK_ORIGINS: inject('documentOrigin'),
    },
  }));
  browser = await signedIn(stack, await settleAccount(stack, { name: 'Ann' }));
});
afterAll(() => stop?.());

describe('where OAUTH_REQUIRE_RESOURCE is on', () => {
  const errorOf = async (response: Response) => {
    const location = new URL(response.headers.get('location') ?? 'http://nowhere.example');
    return [response.status, `${location.origin}${location.pathname}`, location.searchParams.get('error')];
  };

  test('a client that names the MCP endpoint is let in, and its token is for that', async () => {
    const { tokens } = await connect(stack, browser, { resource: stack.mcpUrl });
    expect(claimsOf(tokens.access_token).aud).toBe(stack.mcpUrl);
    expect((await callTool(stack, tokens.access_token, 'whoami')).status).toBe(200);
  });

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['another one', 'https://elsewhere.example/mcp'],
  ])('a client that names %s is sent back with invalid_target', async (_what, resource) => {
    const client = await registerClient(stack);
    const response = await browser.get(authorizePath(client, newPkce(), { resource }));
    expect(await errorOf(response)).toEqual([303, REDIRECT, 'invalid_target']);
  });

  test('a device that names none is told so', async () => {
    const client = await registerClient(stack, { redirect_uris: [], grant_types: [DEVICE_GRANT] });
    const ask = async (fields: Record<string, string>) => {
      const response = await postForm(
        stack,
        '/oauth/device',
        { client_id: client.client_id, ...fields },
        { 'cf-connecting-ip': newAddress() },
      );
      return [response.status, ((await response.json()) as { error?: string }).error];
    };
    expect(await ask({})).toEqual([400, 'invalid_target']);
    expect(await ask({ resource: stack.mcpUrl })).toEqual([200, undefined]);
  });
});

describe('where OAUTH_REDIRECT_HOSTS names hosts', () => {
  const statusOf = async (redirect: string) => {
    const response = await postRegistration(stack, {
      redirect_uris: [redirect],
      token_endpoint_auth_method: 'none',
    });
    return [response.status, ((await response.json()) as { error?: string }).error];
  };

  test.each([
    'https://claude.ai/api/mcp/auth_callback',
    'https://chatgpt.com/connector',
    'http://127.0.0.1:4711/callback',
    'http://localhost:4711/callback',
    'cursor://anysphere.cursor-mcp/oauth/callback',
  ])('a client at %s may register', async (redirect) => {
    expect(await statusOf(redirect)).toEqual([201, undefined]);
  });

  test.each([
    'https://evil.example/callback',
    'https://claude.ai.evil.example/callback',
    'https://evil-claude.ai/callback',
    'https://x.claude.ai/callback',
    'https://claude.ai@evil.example/callback',
  ])('a client at %s may not', async (redirect) => {
    expect(await statusOf(redirect)).toEqual([400, 'invalid_redirect_uri']);
  });

  test('a client that is known by its document is held to them as well', async () => {
    const documents = await serveDocuments((request, response) => {
      const host = request.url === '/known.json' ? 'claude.ai' : 'evil.example';
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(
        JSON.stringify({
          client_id: `${documents.origin}${request.url}`,
          client_name: 'Document agent',
          redirect_uris: [`https://${host}/callback`],
          token_endpoint_auth_method: 'none',
        }),
      );
    });
    try {
      const open = async (path: string, host: string) => {
        const asked = { redirect_uri: `https://${host}/callback`, resource: stack.mcpUrl };
        const response = await browser.get(
          authorizePath({ client_id: `${documents.origin}${path}` }, newPkce(), asked),
        );
        return [response.status, response.headers.get('location')];
      };
      expect(await open('/known.json', 'claude.ai')).toEqual([200, null]);
      expect(await open('/unknown.json', 'evil.example')).toEqual([400, null]);
    } finally {
      await documents.stop();
    }
  });
});
