import { describe, expect, test } from 'vitest';
import { REFUSED_BY_DEFAULT } from '../../../worker/input/refused-text.ts';
import { isGoodDocumentId, judgeDocument } from '../../../worker/oauth/client-document.ts';
import { judgeMetadata } from '../../../worker/oauth/client-metadata.ts';

const METHODS = ['none', 'client_secret_basic', 'client_secret_post'];
const rules = {
  redirectHosts: null,
  methods: METHODS,
  absentMethod: 'client_secret_basic',
  refusedText: REFUSED_BY_DEFAULT,
};
const valid = { redirect_uris: ['https://agent.example/cb'] };

test('what is kept is what this server uses, with the defaults of the RFC', () => {
  const judged = judgeMetadata(
    { ...valid, software_id: 'x', contacts: ['a'], jwks: {}, scope: 'admin' },
    rules,
  );
  expect(judged.ok && judged.value).toEqual({
    name: 'agent.example',
    metadata: {
      redirect_uris: valid.redirect_uris,
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  });
});

describe('metadata is refused', () => {
  test.each<[string, unknown, string]>([
    ['text', 'x', 'body'],
    ['a list', [], 'body'],
    ['redirect_uris as text', { redirect_uris: 'https://agent.example/cb' }, 'redirect_uris'],
    ['a number as redirect', { redirect_uris: [1] }, 'redirect_uris'],
    ['a name with a line break', { ...valid, client_name: 'a\nb' }, 'client_name'],
    ['a name with an override of direction', { ...valid, client_name: '\u202eedualC' }, 'client_name'],
    ['a name with an isolate', { ...valid, client_name: '\u2066x' }, 'client_name'],
    ['a name with a zero-width joiner', { ...valid, client_name: 'Cl\u200daude' }, 'client_name'],
    ['a name with a private character', { ...valid, client_name: '\ue000' }, 'client_name'],
    ['a name with a script', { ...valid, client_name: '<script>a()</script>' }, 'client_name'],
    ['a page inside', { ...valid, client_uri: 'https://127.0.0.1/' }, 'client_uri'],
    ['a script as page', { ...valid, client_uri: 'javascript:alert(1)' }, 'client_uri'],
    ['a logo by http', { ...valid, logo_uri: 'http://agent.example/logo.png' }, 'logo_uri'],
    ['a policy by http', { ...valid, policy_uri: 'http://agent.example/' }, 'policy_uri'],
    ['terms on this machine', { ...valid, tos_uri: 'https://localhost/' }, 'tos_uri'],
    ['keys inside', { ...valid, jwks_uri: 'https://10.0.0.1/keys' }, 'jwks_uri'],
    ['another response type', { ...valid, response_types: ['token'] }, 'response_types'],
    ['client credentials', { ...valid, grant_types: ['client_credentials'] }, 'grant_types'],
    ['refresh alone', { ...valid, grant_types: ['refresh_token'] }, 'grant_types'],
    [
      '__proto__ as method',
      { ...valid, token_endpoint_auth_method: '__proto__' },
      'token_endpoint_auth_method',
    ],
  ])('%s', (_what, given, about) => {
    expect(judgeMetadata(given, rules)).toEqual({ ok: false, reason: 'invalid_client_metadata', about });
  });

  test.each<[string, unknown]>([
    ['that runs', { redirect_uris: ['javascript:alert(1)'] }],
    ['that is one of two', { redirect_uris: ['https://agent.example/cb', 'http://evil.example/cb'] }],
    ['of a host that is not named', { redirect_uris: ['https://evil.example/cb'] }],
    ['that is missing', {}],
  ])('for an address of an answer %s', (_what, given) => {
    expect(judgeMetadata(given, { ...rules, redirectHosts: ['agent.example'] })).toEqual({
      ok: false,
      reason: 'invalid_redirect_uri',
      about: 'redirect_uris',
    });
  });
});

test('all that a client can say of itself is kept as far as it is used', () => {
  const given = {
    ...valid,
    client_name: ' Age\u0301nt ',
    grant_types: ['authorization_code', 'refresh_token', 'password'],
    response_types: ['code', 'token'],
    token_endpoint_auth_method: 'none',
    client_uri: 'https://agent.example/',
    logo_uri: 'https://agent.example/logo.png',
  };
  expect(judgeMetadata(given, rules)).toEqual({
    ok: true,
    value: {
      name: 'Agént',
      metadata: {
        redirect_uris: valid.redirect_uris,
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'none',
        client_uri: 'https://agent.example/',
      },
    },
  });
});

test('a device needs neither a name nor an address', () => {
  const device = { grant_types: ['urn:ietf:params:oauth:grant-type:device_code'], response_types: [] };
  expect(judgeMetadata(device, rules)).toMatchObject({
    ok: true,
    value: { name: 'An unnamed device', metadata: { redirect_uris: [] } },
  });
});

test('a name in another script, and one with markup, are names: the page escapes them', () => {
  for (const client_name of ['סוכן', '<b>Agent</b>', "O'Neill & Söhne"]) {
    const judged = judgeMetadata({ ...valid, client_name }, rules);
    expect(judged.ok && judged.value.name).toBe(client_name);
  }
});

describe('a metadata document', () => {
  const ID = 'https://agent.example/client.json';
  test.each<[string, unknown, string]>([
    ['with its own id', { ...valid, client_id: ID }, 'ok'],
    ['with another id', { ...valid, client_id: `${ID}?x` }, 'client_id'],
    ['without an id', valid, 'client_id'],
    ['with a secret', { ...valid, client_id: ID, client_secret: 'x' }, 'client_secret'],
    [
      'for a confidential client',
      { ...valid, client_id: ID, token_endpoint_auth_method: 'client_secret_post' },
      'token_endpoint_auth_method',
    ],
    ['without redirects', { client_id: ID }, 'redirect_uris'],
    ['with a page inside', { ...valid, client_id: ID, client_uri: 'https://10.0.0.1/' }, 'client_uri'],
    ['with a page on this machine', { ...valid, client_id: ID, client_uri: 'http://localhost:1/' }, 'ok'],
  ])('%s', (_what, document, outcome) => {
    const judged = judgeDocument(document, ID, { redirectHosts: null, refusedText: REFUSED_BY_DEFAULT });
    expect(judged.ok ? 'ok' : judged.about).toBe(outcome);
  });

  test.each<[string, boolean]>([
    [ID, true],
    ['https://agent.example', false],
    ['https://agent.example/', false],
    ['https://agent.example/client.json#x', false],
    ['https://agent.example/client.json?x=1', false],
    ['https://agent.example/a/../client.json', false],
    ['https://AGENT.example/client.json', false],
    ['https://agent.example:443/client.json', false],
    ['https://user@agent.example/client.json', false],
    ['http://agent.example/client.json', false],
    ['http://127.0.0.1:8080/client.json', false],
    ['https://10.0.0.1/client.json', false],
  ])('at %s: %s', (id, isGood) => {
    expect(isGoodDocumentId(id, { loopbackOrigins: [] })).toBe(isGood);
  });
});
