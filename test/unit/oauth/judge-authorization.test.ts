import { describe, expect, test } from 'vitest';
import { answerClient, answerUrl } from '../../../worker/oauth/authorization-response.ts';
import type { Client } from '../../../worker/oauth/client.ts';
import { judgeAuthorization } from '../../../worker/oauth/judge-authorization.ts';
import { parseParameters } from '../../../worker/oauth/parameters.ts';
import type { RedirectUri } from '../../../worker/oauth/redirect-uri.ts';
import { refuse } from '../../../worker/oauth/refusal.ts';

const MCP = 'https://causeway.example/mcp';
const REDIRECT = 'https://agent.example/cb';
const client: Client = {
  id: 'cli_a',
  origin: 'registered',
  name: 'A',
  metadata: {
    redirect_uris: [REDIRECT],
    grant_types: ['authorization_code'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  },
  secretSha256: null,
};
const deviceOnly: Client = { ...client, metadata: { ...client.metadata, grant_types: ['refresh_token'] } };
const good = {
  response_type: 'code',
  redirect_uri: REDIRECT,
  code_challenge: 'c'.repeat(43),
  code_challenge_method: 'S256',
};

function judge(changes: Record<string, string | undefined>, asker = client, requireResource = false) {
  const given = Object.entries({ ...good, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const parameters = parseParameters(new URLSearchParams(given));
  if (!parameters.ok) throw new Error(parameters.reason);
  return judgeAuthorization(parameters.value, asker, { resource: MCP, requireResource });
}

describe('an authorization request', () => {
  test.each<[string, Record<string, string | undefined>, string, boolean]>([
    ['another redirect', { redirect_uri: 'https://evil.example/cb' }, 'unregistered_redirect', false],
    [
      'another redirect and everything else wrong',
      { redirect_uri: 'x:', response_type: 'token' },
      'unregistered_redirect',
      false,
    ],
    ['no response type', { response_type: undefined }, 'missing_parameter', true],
    ['the hybrid flow', { response_type: 'code id_token' }, 'unsupported_response_type', true],
    ['form_post', { response_mode: 'form_post' }, 'malformed_parameter', true],
    ['a request by reference', { request_uri: 'https://evil.example/r' }, 'request_object', true],
    ['no challenge', { code_challenge: undefined }, 'challenge_missing', true],
    ['another resource', { resource: `${MCP}x` }, 'wrong_resource', true],
    ['unknown scopes', { scope: 'root' }, 'unknown_scope', true],
  ])('%s', (_what, changes, reason, isAnswered) => {
    const judged = judge(changes);
    if (judged.ok) throw new Error('it was accepted');
    expect([judged.refusal.reason, judged.answerTo !== null]).toEqual([reason, isAnswered]);
  });

  test('that is right is what a person is asked for', () => {
    expect(judge({ state: 's', scope: 'data:read root', resource: MCP })).toEqual({
      ok: true,
      request: {
        clientId: client.id,
        redirectUri: REDIRECT,
        state: 's',
        challenge: 'c'.repeat(43),
        scopes: ['data:read'],
        resource: MCP,
      },
    });
  });

  test('that is wrong is answered to the address and with the state that it came with', () => {
    expect(judge({ state: 's', response_mode: 'form_post' })).toMatchObject({
      refusal: { reason: 'malformed_parameter', about: 'response_mode' },
      answerTo: { redirectUri: REDIRECT, state: 's' },
    });
    expect(judge({ response_type: undefined })).toMatchObject({ refusal: { about: 'response_type' } });
    expect(judge({ request: 'eyJ' })).toMatchObject({ refusal: { reason: 'request_object' } });
  });

  test('of a client that is not registered for it', () => {
    const judged = judge({}, deviceOnly);
    expect(!judged.ok && judged.refusal.reason).toBe('unauthorized_client');
  });

  test('without resource, where the deployment demands it', () => {
    const judged = judge({}, client, true);
    expect(!judged.ok && judged.refusal.reason).toBe('missing_resource');
  });
});

describe('an answer', () => {
  const to = (redirectUri: string, state?: string) => ({ redirectUri: redirectUri as RedirectUri, state });
  test.each<[string, string, string | undefined, string]>([
    [
      'carries code, state and issuer',
      REDIRECT,
      's',
      `${REDIRECT}?code=c&state=s&iss=https%3A%2F%2Fcauseway.example`,
    ],
    ['without state has none', REDIRECT, undefined, `${REDIRECT}?code=c&iss=https%3A%2F%2Fcauseway.example`],
    [
      'keeps the query of the address',
      `${REDIRECT}?x=1`,
      undefined,
      `${REDIRECT}?x=1&code=c&iss=https%3A%2F%2Fcauseway.example`,
    ],
    ['goes to an app', 'cursor://a/cb', undefined, 'cursor://a/cb?code=c&iss=https%3A%2F%2Fcauseway.example'],
  ])('%s', (_what, redirect, state, url) => {
    expect(answerUrl(to(redirect, state), 'https://causeway.example', { code: 'c' })).toBe(url);
  });

  test('that refuses carries the error, what it means, state and issuer', () => {
    const answer = answerUrl(to(REDIRECT, 's'), 'https://causeway.example', refuse('access_denied'));
    expect([...new URL(answer).searchParams]).toEqual([
      ['error', 'access_denied'],
      ['error_description', 'The person declined.'],
      ['state', 's'],
      ['iss', 'https://causeway.example'],
    ]);
  });

  test('sends the browser on by GET, and is neither kept nor told to where it goes', () => {
    const { status, headers } = answerClient(to(REDIRECT), 'https://causeway.example', { code: 'c' });
    expect([status, Object.fromEntries(headers)]).toEqual([
      303,
      {
        location: `${REDIRECT}?code=c&iss=https%3A%2F%2Fcauseway.example`,
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
      },
    ]);
  });

  test('cannot be split by a state with line breaks or parameters', () => {
    const url = new URL(
      answerUrl(to(REDIRECT, 'a&code=evil\r\nx'), 'https://causeway.example', refuse('access_denied')),
    );
    expect(url.searchParams.getAll('code')).toEqual([]);
    expect(url.searchParams.get('state')).toBe('a&code=evil\r\nx');
    expect(url.href).not.toMatch(/[\r\n]/);
  });
});
