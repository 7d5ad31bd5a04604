import { describe, expect, test } from 'vitest';
import { sha256Hex, utf8 } from '../../../worker/blobs/sha256.ts';
import { judgeClient, presentedClient } from '../../../worker/oauth/authenticate-client.ts';
import type { Client } from '../../../worker/oauth/client.ts';
import { parseParameters } from '../../../worker/oauth/parameters.ts';

const basic = (text: string) => `Basic ${btoa(text)}`;
function read(authorization: string | null, query: string) {
  const form = parseParameters(new URLSearchParams(query));
  if (!form.ok) throw new Error(form.reason);
  return presentedClient(authorization, form.value);
}

describe('a client shows itself in one place', () => {
  test.each<[string, string | null, string, string]>([
    ['by its id alone', null, 'client_id=a', 'none'],
    ['in the form', null, 'client_id=a&client_secret=s', 'client_secret_post'],
    ['in the header', basic('a:s'), '', 'client_secret_basic'],
    ['in the header, with the same id in the form', basic('a:s'), 'client_id=a', 'client_secret_basic'],
    ['in the header, with another id in the form', basic('a:s'), 'client_id=b', 'two_authentications'],
    ['in both', basic('a:s'), 'client_id=a&client_secret=s', 'two_authentications'],
    ['nowhere', null, '', 'missing_parameter'],
    ['a secret without id', null, 'client_secret=s', 'missing_parameter'],
    ['a bearer', 'Bearer x', '', 'malformed_authentication'],
    ['no colon', basic('as'), '', 'malformed_authentication'],
    ['no secret', basic('a:'), '', 'malformed_authentication'],
    ['bad base64', 'Basic ***', '', 'malformed_authentication'],
    ['bad escapes', basic('a%zz:s'), '', 'malformed_authentication'],
    ['something before the header', `x${basic('a:s')}`, '', 'malformed_authentication'],
    ['something behind the header', `${basic('a:s')} x`, '', 'malformed_authentication'],
    ['no id', basic(':s:t'), '', 'malformed_authentication'],
    ['4096 characters', basic(`a:${'s'.repeat(3070)}`), '', 'client_secret_basic'],
    ['more than 4096 characters', basic(`a:${'s'.repeat(3071)}`), '', 'malformed_authentication'],
    ['the type of an assertion', null, 'client_id=a&client_assertion_type=x', 'wrong_authentication_method'],
    ['an assertion', null, 'client_id=a&client_assertion=x.y.z', 'wrong_authentication_method'],
  ])('%s', (_what, authorization, query, outcome) => {
    const presented = read(authorization, query);
    expect(presented.ok ? presented.value.method : presented.reason).toBe(outcome);
  });

  test('with the secret that it sent, and the name of what is missing', () => {
    expect(read(null, 'client_id=a&client_secret=s')).toMatchObject({ value: { id: 'a', secret: 's' } });
    expect(read(null, 'client_id=a')).toMatchObject({ value: { id: 'a', secret: null } });
    expect(read(null, '')).toMatchObject({ about: 'client_id' });
  });

  test('and both parts of the header are form-encoded', () => {
    const presented = read(basic('https%3A%2F%2Fa.example%2Fc:s%3At%25+u'), '');
    expect(presented.ok && presented.value).toMatchObject({ id: 'https://a.example/c', secret: 's:t% u' });
  });
});

test.each<[string, boolean, string | null, string]>([
  ['the right secret', true, 's', 'ok'],
  ['a wrong one', true, 'x', 'wrong_secret'],
  ['the stored digest as secret', true, 'digest', 'wrong_secret'],
  ['none where one is due', true, null, 'wrong_authentication_method'],
  ['one where none is due', false, 's', 'wrong_authentication_method'],
  ['none where none is due', false, null, 'ok'],
])('a client with %s', async (_what, isConfidential, secret, outcome) => {
  const secretSha256 = await sha256Hex(utf8('s'));
  const client: Client = {
    id: 'a',
    origin: 'registered',
    name: 'A',
    metadata: {
      redirect_uris: [],
      grant_types: ['authorization_code'],
      response_types: ['code'],
      token_endpoint_auth_method: isConfidential ? 'client_secret_basic' : 'none',
    },
    secretSha256: isConfidential ? secretSha256 : null,
  };
  const judged = await judgeClient(client, {
    id: 'a',
    method: secret === null ? 'none' : 'client_secret_post',
    secret: secret === 'digest' ? secretSha256 : secret,
  });
  expect(judged.ok ? 'ok' : judged.reason).toBe(outcome);
});
