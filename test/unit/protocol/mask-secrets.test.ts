import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatApiToken } from '../../../protocol/api-token.ts';
import { newId } from '../../../protocol/ids.ts';
import { logLine } from '../../../protocol/log-line.ts';
import { knowSecrets, maskSecrets, SECRET_FORMS } from '../../../protocol/mask-secrets.ts';
import { newSecret } from '../../../protocol/secret.ts';

const base64url = (chars: number) => fc.stringMatching(new RegExp(`^[A-Za-z0-9_-]{${chars}}$`));
const PASSWORD = fc.stringMatching(/^[A-Za-z0-9%!$&*+,;=:_.~-]{12,40}$/);

/** Each kind of secret as it is drawn: the whole text, and the part of it that must not be seen. */
const PLANTED: Readonly<Record<string, fc.Arbitrary<readonly [text: string, secret: string]>>> = {
  'an API token': base64url(49).map((secret) => [
    `btk_${newId('tenant').slice(4)}${newId('token').slice(4)}_${secret}`,
    secret,
  ]),
  'half an API token': base64url(20).map((secret) => [
    `btk_${newId('tenant').slice(4)}${newId('token').slice(4)}_${secret}`,
    secret,
  ]),
  'an opaque secret': fc
    .tuple(fc.constantFrom('cac', 'crt', 'cdc', 'ccs', 'join'), base64url(43))
    .map(([prefix, secret]) => [`${prefix}_${secret}`, secret]),
  'a JWT': base64url(60).map((secret) => [`eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.${secret}`, secret]),
  'a JWT without its end': base64url(60).map((secret) => [`eyJ${secret}`, secret]),
  'a statement that we sealed': base64url(43).map((secret) => [`eyJwIjoiYmxvYjpnZXQifQ.${secret}`, secret]),
  'an envelope': base64url(80).map((secret) => [`v1.AAAAAAA1.${secret}`, secret]),
  'a private key': fc
    .stringMatching(/^[A-Za-z0-9+/]{64}$/)
    .map((secret) => [`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`, secret]),
  'a cut private key': fc
    .stringMatching(/^[A-Za-z0-9+/]{64}$/)
    .map((secret) => [`-----BEGIN EC PRIVATE KEY-----\r\n${secret}`, secret]),
  'a hash of a password': fc
    .stringMatching(/^[A-Za-z0-9+/]{43}$/)
    .map((secret) => [`$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2E$${secret}`, secret]),
  'who logs in to Postgres': PASSWORD.map((secret) => [
    `postgres://causeway_owner:${secret}@db.example.com:5432/causeway`,
    secret,
  ]),
  'who logs in, without a name': PASSWORD.map((secret) => [`https://${secret}@example.com/x`, secret]),
  'a token in a query': base64url(43).map((secret) => [
    `https://example.com/cb?state=1&access_token=${secret}&x=1`,
    secret,
  ]),
  'a token in an address in a query': base64url(43).map((secret) => [
    `/login?next=${encodeURIComponent(`/cb?state=1&access_token=${secret}&x=1`)}&y=2`,
    secret,
  ]),
  'a form that begins with it': base64url(43).map((secret) => [`code=${secret}&state=1`, secret]),
  'a form': base64url(43).map((secret) => [`grant_type=x&client_secret=${secret}&code=${secret}`, secret]),
  'a header of credentials': base64url(43).map((secret) => [`Authorization: Bearer ${secret}`, secret]),
  'a header of a password': base64url(40).map((secret) => [`authorization: Basic ${secret}==`, secret]),
  'a credential alone': base64url(43).map((secret) => [`got Bearer ${secret}, which`, secret]),
  'a credential of an address': base64url(43).map((secret) => [`Bearer%20${secret}`, secret]),
  'a header of a key': base64url(43).map((secret) => [`X-Api-Key: ${secret}`, secret]),
  'a cookie': base64url(43).map((secret) => [`cookie: theme=dark; __Host-session=${secret}; a=b`, secret]),
  'a cookie alone': base64url(43).map((secret) => [`__Host-session=${secret}`, secret]),
};

/** Where in an event a text may stand. */
const PLACES: Readonly<Record<string, (text: string) => Readonly<Record<string, unknown>>>> = {
  'as a value': (text) => ({ target: text }),
  'in the middle of a sentence': (text) => ({ error: `it failed (${text}) and "stopped"` }),
  'of an error with its stack': (text) => ({ stack: new Error(`no: ${text}`).stack }),
  'deep in nested JSON': (text) => ({ a: [{ b: { c: [text, { d: text }] } }] }),
  'of JSON in text in JSON': (text) => ({ body: JSON.stringify({ body: JSON.stringify({ text }) }) }),
  'on a line of its own of JSON in text': (text) => ({
    body: JSON.stringify({ dump: `host: x\n${text}\tend` }),
  }),
  'behind a blank of an address': (text) => ({ url: `/x?said=it%20was%20${text}` }),
  'as the name of a field': (text) => ({ [text]: 1 }),
  'across where a text is cut': (text) => ({ long: `${'x'.repeat(1995)} ${text}` }),
  'among arguments': (text) => ({ argv: ['--url', text, `--header=${text}`] }),
  'of an environment': (text) => ({ environment: { SOME_URL: text } }),
};

describe.each(Object.entries(PLANTED))('%s leaves no log', (_kind, planted) => {
  test.each(Object.entries(PLACES))('%s', (_place, place) => {
    fc.assert(
      fc.property(planted, ([text, secret]) => {
        const line = logLine({ level: 'error', ...place(text) });
        expect(line).not.toContain(secret);
        expect(() => JSON.parse(line)).not.toThrow();
      }),
      { numRuns: 25 },
    );
  });
});

test('a real token of ours has the form that is masked', () => {
  const text = formatApiToken({ tenant: newId('tenant'), token: newId('token'), secret: newSecret() });
  expect(maskSecrets(`token ${text}.`)).toBe('token btk_***.');
});

test('what a process was given is masked wherever it stands, also in an address', () => {
  const passphrase = `correct horse ${crypto.randomUUID()}`;
  expect(logLine({ level: 'info', said: `with ${passphrase}?` })).toContain(passphrase);
  knowSecrets([passphrase, undefined, 'short']);
  expect(logLine({ level: 'info', said: `with ${passphrase}?` })).toContain('with ***?');
  expect(maskSecrets(`?q=${encodeURIComponent(passphrase)}`)).toBe('?q=***');
  expect(maskSecrets('this is short')).toBe('this is short');
});

test.each([
  'password',
  'new_password',
  'clientSecret',
  'client_secret',
  'token',
  'accessToken',
  'private_key',
  'privateKey',
  'authorization',
  'SEAL_KEY',
  'KEY_PASSPHRASE',
])('a field %s is masked whatever it holds', (name) => {
  for (const value of ['abc', ['abc'], { value: 'abc' }, 123456, true, null])
    expect(JSON.parse(logLine({ level: 'info', nested: { [name]: value } })).nested[name]).toBe('***');
  expect(JSON.parse(logLine({ level: 'info', nested: { [name]: '' } })).nested[name]).toBe('');
});

test.each([
  'run_01jd2x3y4z5a6b7c8d9e0f1g2h of prj_01jd2x3y4z5a6b7c8d9e0f1g2h failed at forecast.py:41',
  'a'.repeat(64),
  'https://causeway.example.com/oauth/authorize?client_id=cli_1&scope=projects:read',
  'join_clause, btk_ and crt_ are words; v1.2.3 is a version; eyJ is none',
  'keyJsonFile.test.ts:41 of inner_join_of_projects_and_members',
  'the token has expired; the cookie was not sent; basic arithmetic; bearer of news',
  'key_id=tok_01jd2x3y4z5a6b7c8d9e0f1g2h token_id tok_01jd2x3y4z5a6b7c8d9e0f1g2h',
])('what is no secret stays: %s', (text) => {
  expect(maskSecrets(text)).toBe(text);
});

test('each form is of use: without it something above would be seen', () => {
  const samples = Object.values(PLANTED).flatMap((planted) => fc.sample(planted, { numRuns: 20, seed: 1 }));
  for (const { what, pattern } of SECRET_FORMS) {
    const isUsed = samples.some(([text]) => new RegExp(pattern.source, pattern.flags).test(text));
    expect(isUsed, what).toBe(true);
  }
});

test('the signs of a form stand in every text that it matches', () => {
  const planted = fc.oneof(...Object.values(PLANTED).map((each) => each.map(([text]) => text)));
  const mixed = fc.array(fc.oneof(planted, fc.string()), { maxLength: 5 }).map((parts) => parts.join(' '));
  const asDrawn = (text: string) => [text, text.toUpperCase(), text.toLowerCase()];
  fc.assert(
    fc.property(mixed, (text) => {
      for (const each of asDrawn(text))
        for (const { pattern, signs } of SECRET_FORMS)
          for (const [found] of each.matchAll(pattern))
            expect(signs.some((sign) => found.toLowerCase().includes(sign))).toBe(true);
    }),
  );
});
