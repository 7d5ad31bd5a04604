import { beforeAll, describe, expect, test } from 'vitest';
import { callTool, postMcp } from '../support/mcp-call.ts';
import {
  authorizePath,
  claimsOf,
  connect,
  decide,
  exchange,
  freshCode,
  newPkce,
  REDIRECT,
  registerClient,
  signedIn,
} from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const WHOAMI = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };

let ann: Account;
let browser: Visitor;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  browser = await signedIn(stack, ann);
});

describe('an agent that knows only the address', () => {
  test('finds its way: 401, resource metadata, server metadata, keys', async () => {
    const refused = await postMcp(stack, null, WHOAMI);
    expect(refused.status).toBe(401);
    const header = refused.headers.get('www-authenticate') ?? '';
    expect(header).toContain('scope="projects:read projects:write data:read data:write runs:execute"');
    const address = /resource_metadata="([^"]+)"/.exec(header)?.[1] ?? '';
    expect(address).toBe(`${stack.publicUrl}/.well-known/oauth-protected-resource/mcp`);

    const resource = (await (await fetch(address)).json()) as Record<string, unknown>;
    const atRoot = await fetch(`${stack.publicUrl}/.well-known/oauth-protected-resource`);
    expect(await atRoot.json()).toEqual(resource);
    expect(resource).toMatchObject({ resource: stack.mcpUrl, authorization_servers: [stack.publicUrl] });

    for (const document of ['oauth-authorization-server', 'openid-configuration']) {
      const response = await fetch(`${stack.publicUrl}/.well-known/${document}`);
      expect(response.headers.get('content-type')).toContain('application/json');
      expect(await response.json()).toMatchObject({
        issuer: stack.publicUrl,
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        client_id_metadata_document_supported: true,
      });
    }
    const keys = (await (await fetch(`${stack.publicUrl}/oauth/jwks`)).json()) as { keys: object[] };
    expect(keys.keys.length).toBeGreaterThan(0);
    expect(JSON.stringify(keys)).not.toContain('"d"');
  });

  test('is told the same behind a proxy that forges headers', async () => {
    const headers = {
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'host=evil.example',
    };
    const response = await fetch(`${stack.publicUrl}/.well-known/oauth-authorization-server`, { headers });
    expect(JSON.stringify(await response.json())).not.toContain('evil.example');
  });

  test('is let in by Ann, works in her name, and its token says exactly that', async () => {
    const { client, tokens } = await connect(stack, browser, { scope: 'projects:read data:read' });
    const whoami = await callTool<{ user: { id: string }; scopes: string[]; role: string }>(
      stack,
      tokens.access_token,
      'whoami',
    );
    expect(whoami.structured).toMatchObject({ user: { id: ann.user }, role: 'owner' });
    expect([...whoami.structured.scopes].sort()).toEqual(['data:read', 'projects:read']);
    expect(tokens).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: 'projects:read data:read' });
    expect(claimsOf(tokens.access_token)).toMatchObject({
      iss: stack.publicUrl,
      aud: stack.mcpUrl,
      sub: ann.user,
      tenant: ann.tenant,
      client_id: client.client_id,
    });
  });

  test('without the scope gets 403 that names what the call needs and no more', async () => {
    const { tokens } = await connect(stack, browser, { scope: 'projects:read' });
    const response = await postMcp(stack, tokens.access_token, {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'create_project', arguments: { name: 'not allowed' } },
    });
    expect(response.status).toBe(403);
    const header = response.headers.get('www-authenticate');
    expect(header).toContain('error="insufficient_scope", scope="projects:write"');
    expect(header).toContain('resource_metadata=');
  });

  test('with a token narrowed at refresh has no more than that, though its grant has', async () => {
    const connected = await connect(stack, browser, { scope: 'projects:read projects:write' });
    const { body } = await exchange(stack, {
      grant_type: 'refresh_token',
      client_id: connected.client.client_id,
      refresh_token: connected.tokens.refresh_token,
      scope: 'projects:read',
    });
    expect(body.scope).toBe('projects:read');
    const params = { name: 'create_project', arguments: { name: 'not by this token' } };
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params };
    expect((await postMcp(stack, body.access_token, call)).status).toBe(403);
    expect((await postMcp(stack, connected.tokens.access_token, call)).status).toBe(200);
  });
});

describe('the consent page', () => {
  test('shows who asks, for what, for which team, and where the answer goes', async () => {
    const client = await registerClient(stack, { client_name: 'Quarterly agent' });
    const response = await browser.get(
      authorizePath(client, newPkce(), { scope: 'projects:read runs:execute' }),
    );
    const page = await response.text();
    expect(page).toContain('Quarterly agent');
    expect(page).toContain('Read projects, files and history');
    expect(page).toContain('Run models and read their results');
    expect(page).not.toContain('Import data');
    expect(page).toContain(REDIRECT);
    expect(page).toContain('Ann&#39;s tenant');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('content-security-policy')).toContain(
      "form-action 'self' http://127.0.0.1:9999;",
    );
    expect(response.headers.get('x-frame-options')).toBe('DENY');
  });

  test('escapes the name that a client gave itself', async () => {
    const client = await registerClient(stack, { client_name: 'Tom\'s 1 < 2 & "three"' });
    const page = await (await browser.get(authorizePath(client, newPkce()))).text();
    expect(page).not.toContain('1 < 2');
    expect(page).toContain('Tom&#39;s 1 &lt; 2 &amp; &quot;three&quot;');
  });

  test('sends somebody who is not signed in to sign in, and then back to the same request', async () => {
    const client = await registerClient(stack);
    const stranger = new Visitor(stack);
    const path = authorizePath(client, newPkce());
    const sent = await stranger.get(path);
    expect(sent.status).toBe(303);
    const login = new URL(sent.headers.get('location') ?? '', stack.publicUrl);
    expect(login.pathname).toBe('/login');
    const back = await stranger.signIn(ann.email, undefined, login.searchParams.get('return_to') ?? '');
    expect(back.headers.get('location')).toBe(path);
  });

  test('answers 303 with state and issuer, is not kept and tells no referrer', async () => {
    const client = await registerClient(stack);
    const response = await browser.submit(authorizePath(client, newPkce()), '/oauth/authorize', {
      decision: 'allow',
    });
    expect(response.status).toBe(303);
    const location = new URL(response.headers.get('location') ?? '');
    expect(`${location.origin}${location.pathname}`).toBe(REDIRECT);
    expect([...location.searchParams.keys()].sort()).toEqual(['code', 'iss', 'state']);
    expect(location.searchParams.get('iss')).toBe(stack.publicUrl);
    expect(location.searchParams.get('state')).toBe('state-1');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
  });

  test('answers access_denied where the person declines, and grants nothing', async () => {
    const client = await registerClient(stack);
    const location = await decide(browser, authorizePath(client, newPkce()), 'deny');
    expect(location.searchParams.get('error')).toBe('access_denied');
    expect(location.searchParams.has('code')).toBe(false);
    expect(location.searchParams.get('iss')).toBe(stack.publicUrl);
  });

  test('asks again for each client, though Ann once agreed to another with the same name and address', async () => {
    await freshCode(stack, browser);
    const twin = await registerClient(stack);
    const response = await browser.get(authorizePath(twin, newPkce()));
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('Let an agent in?');
  });
});
