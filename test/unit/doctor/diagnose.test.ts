import { describe, expect, test } from 'vitest';
import { CHECKS, diagnose } from '../../../cli/doctor/diagnose.ts';
import type { ProbeName, Seen } from '../../../cli/doctor/seen.ts';
import {
  answer,
  challenged,
  html,
  json,
  NOT_ASKED,
  observed,
  resource,
  server,
  toLogin,
  URL_OF_WELL,
  unreachable,
} from './well.ts';

const INSIDE = ['launcher', 'executor', 'database', 'blobs'];
const failedIn = (findings: ReturnType<typeof diagnose>) =>
  findings.filter(({ state }) => state === 'failed').map(({ id }) => id);
const login = (cookie: string): Seen => html(200, { setCookies: [cookie] });
const stream = (more: object): Seen =>
  answer(200, { headers: { 'content-type': 'text/event-stream' }, bodyTookMs: 1_000, ...more });
const METADATA = `resource_metadata="${URL_OF_WELL}/.well-known/oauth-protected-resource/mcp"`;

test('a deployment that is well has nothing to say', () => {
  const findings = diagnose(observed());
  expect(failedIn(findings)).toEqual([]);
  expect(findings.filter(({ state }) => state === 'skipped').map(({ id }) => id)).toEqual([
    ...INSIDE,
    'local',
  ]);
  expect(findings.map(({ id }) => id)).toEqual([...new Set(CHECKS.map(({ id }) => id))]);
});

describe('an answer that is not as it must be fails its check, and no other', () => {
  test.each<[string, string, Partial<Record<ProbeName, Seen>>]>([
    ['another site answers', 'reachable', { health: html(200) }],
    [
      'a start-up check fails',
      'reachable',
      { health: json({ error: { details: { findings: ['a table'] } } }, 503) },
    ],
    ['the proxy finds nobody', 'reachable', { health: html(502) }],
    [
      'no HSTS',
      'tls',
      {
        health: answer(200, {
          body: '{"ok":true}',
          headers: { 'strict-transport-security': undefined as never },
        }),
      },
    ],
    ['plain http is served', 'plain-http', { plainHttp: json({ ok: true }) }],
    ['plain http leads elsewhere', 'plain-http', { plainHttp: toLogin('https://evil.example/', 301) }],
    [
      'plain http leads to a name that begins alike',
      'plain-http',
      { plainHttp: toLogin(`${URL_OF_WELL}.evil.example/`, 301) },
    ],
    ['the server is a minute behind', 'clock', { stream: stream({ body: '{"at":"2026-11-21T11:59:00Z"}' }) }],
    ['the server is a minute ahead', 'clock', { stream: stream({ body: '{"at":"2026-11-21T12:01:00Z"}' }) }],
    [
      'only something in front says so',
      'clock',
      {
        stream: answer(200, {
          bodyTookMs: 1_000,
          headers: { 'content-type': 'text/event-stream', date: 'Sat, 21 Nov 2026 13:00:00 GMT' },
        }),
      },
    ],
    [
      'the resource is an inner name',
      'resource-metadata',
      { resource: json({ ...resource, resource: 'http://worker:8787/mcp' }) },
    ],
    [
      'the resource has another scheme',
      'resource-metadata',
      { resource: json({ ...resource, resource: 'http://causeway.example/mcp' }) },
    ],
    [
      'a second authorization server',
      'resource-metadata',
      { resource: json({ ...resource, authorization_servers: [URL_OF_WELL, 'https://evil.example'] }) },
    ],
    ['the path form is missing', 'resource-metadata-of-path', { resourceOfMcp: html(404) }],
    ['the path form is the page of an app', 'resource-metadata-of-path', { resourceOfMcp: html(200) }],
    [
      'JSON under another type',
      'resource-metadata-of-path',
      { resourceOfMcp: { ...json(resource), headers: { 'content-type': 'text/plain' } } },
    ],
    [
      'JSON that is none',
      'resource-metadata-of-path',
      { resourceOfMcp: answer(200, { body: '{"resource":' }) },
    ],
    ['JSON that is a list', 'resource-metadata-of-path', { resourceOfMcp: json([resource]) }],
    ['keys that are private', 'keys', { keys: json({ keys: [{ kid: 'one', kty: 'EC', d: 'secret' }] }) }],
    ['keys that are shared', 'keys', { keys: json({ keys: [{ kid: 'one', kty: 'oct', k: 'secret' }] }) }],
    ['no keys', 'keys', { keys: json({ keys: [] }) }],
    ['the token endpoint is not there', 'endpoints', { token: html(404) }],
    ['the token endpoint takes no POST', 'endpoints', { token: html(405) }],
    ['a login wall before registration', 'endpoints', { register: toLogin('https://sso.example/', 302) }],
    ['authorization is answered by another', 'endpoints', { authorize: html(200) }],
    ['WWW-Authenticate is taken away', 'challenge', { challenge: answer(401), forgedChallenge: answer(401) }],
    [
      'a login of the proxy',
      'challenge',
      { challenge: challenged('Basic realm="proxy"'), forgedChallenge: challenged('Basic realm="proxy"') },
    ],
    [
      'the metadata is named on an inner host',
      'challenge',
      {
        challenge: challenged(
          'Bearer resource_metadata="http://worker:8787/.well-known/oauth-protected-resource/mcp"',
        ),
        forgedChallenge: challenged(
          'Bearer resource_metadata="http://worker:8787/.well-known/oauth-protected-resource/mcp"',
        ),
      },
    ],
    [
      'the refusal may be cached',
      'challenge',
      {
        challenge: {
          ...challenged(`Bearer ${METADATA}`),
          headers: { 'www-authenticate': `Bearer ${METADATA}`, 'cache-control': 'max-age=60' },
        },
        forgedChallenge: challenged(`Bearer ${METADATA}`),
      },
    ],
    [
      'Authorization is taken away',
      'authorization',
      { badBearer: challenged(`Bearer realm="causeway", ${METADATA}`) },
    ],
    ['Authorization is judged by another', 'authorization', { badBearer: html(403) }],
    ['a token that is dead', 'mcp-call', { withToken: json({ error: {} }, 401) }],
    ['MCP headers are taken away', 'mcp-call', { withToken: json({ error: { code: -32020 } }, 400) }],
    ['a firewall of applications', 'mcp-call', { withToken: html(406) }],
    [
      'the issuer follows X-Forwarded-Host',
      'forged-headers',
      { forgedServer: json({ ...server, issuer: 'https://forged.example' }) },
    ],
    [
      'the scheme follows X-Forwarded-Proto',
      'forged-headers',
      { forgedServer: json({ ...server, issuer: 'http://causeway.example' }) },
    ],
    [
      'the challenge follows',
      'forged-headers',
      { forgedChallenge: challenged('Bearer resource_metadata="https://forged.example/"') },
    ],
    ['redirects follow', 'forged-headers', { forgedAccount: toLogin('https://forged.example/login') }],
    ['the path follows X-Original-URL', 'forged-headers', { forgedAccount: html(404) }],
    [
      'the issuer follows Host',
      'forged-host',
      { forgedHost: json({ ...server, issuer: 'https://forged.example' }) },
    ],
    ['a redirect follows Host', 'forged-host', { forgedHost: toLogin('https://forged.example/', 301) }],
    [
      'the person is sent to another host',
      'redirects',
      { account: toLogin('http://worker:8787/login'), forgedAccount: toLogin('http://worker:8787/login') },
    ],
    ['the proxy follows redirects', 'redirects', { account: html(200), forgedAccount: html(200) }],
    ['the cookie loses Secure', 'cookies', { login: login('__Host-causeway-form=a; Path=/; HttpOnly') }],
    [
      'the cookie gets a domain',
      'cookies',
      { login: login('__Host-causeway-form=a; Path=/; HttpOnly; Secure; Domain=example') },
    ],
    [
      'the cookie gets another path',
      'cookies',
      { login: login('__Host-causeway-form=a; Path=/app; HttpOnly; Secure') },
    ],
    [
      'the cookie gets another name',
      'cookies',
      { login: login('causeway-form=a; Path=/; HttpOnly; Secure') },
    ],
    ['no cookie', 'cookies', { login: html(200) }],
    [
      'no content security policy',
      'cookies',
      {
        login: html(200, {
          setCookies: ['__Host-x=a; Path=/; HttpOnly; Secure'],
          headers: { 'content-security-policy': undefined as never },
        }),
      },
    ],
    [
      'a foreign Host finds another Worker',
      'forged-host',
      { forgedHost: json({ ...server, issuer: 'http://worker:8787' }) },
    ],
    ['the page is not there', 'cookies', { login: html(404) }],
    [
      'calls need no token',
      'challenge',
      { challenge: json({ result: {} }), forgedChallenge: json({ result: {} }) },
    ],
    ['an unknown address is told to be unknown', 'strangers', { unknown: html(404) }],
    ['a socket is opened for a stranger', 'strangers', { socket: answer(101) }],
    ['the management API answers a stranger', 'strangers', { administration: json({ members: [] }) }],
    ['a call of a foreign page goes on', 'foreign-pages', { foreignCall: answer(401) }],
    ['a form of a foreign page is judged', 'foreign-pages', { foreignForm: html(400) }],
    [
      'a foreign page may read the answer',
      'foreign-pages',
      { foreignCall: answer(403, { headers: { 'access-control-allow-origin': '*' } }) },
    ],
    [
      'streams are held back',
      'streams',
      { stream: stream({ bodyTookMs: 3, body: '{"at":"2026-11-21T12:00:00Z"}' }) },
    ],
    ['a megabyte at most', 'large-bodies', { largeBody: html(413) }],
  ])('%s: %s', (_, id, changes) => {
    const findings = diagnose(observed(withoutUndefined(changes)));
    expect(failedIn(findings)).toEqual([id]);
    const finding = findings.find((each) => each.id === id);
    if (finding?.state !== 'failed') throw new Error('it failed');
    for (const said of [finding.saw, finding.why, finding.remedy]) expect(said.length).toBeGreaterThan(10);
  });

  test.each<[string, object]>([
    ['the issuer has another scheme', { issuer: 'http://causeway.example' }],
    ['the issuer has a slash more', { issuer: `${URL_OF_WELL}/` }],
    ['an endpoint is on an inner host', { token_endpoint: 'http://worker:8787/oauth/token' }],
    ['an endpoint is on a name that begins alike', { jwks_uri: `${URL_OF_WELL}.evil.example/jwks` }],
    ['an endpoint is missing', { registration_endpoint: undefined }],
    ['PKCE is not offered', { code_challenge_methods_supported: ['plain'] }],
  ])('both documents of the server: %s', (_, wrong) => {
    const document = json({ ...server, ...wrong });
    const seen = observed({ server: document, discovery: document, forgedServer: document });
    expect(failedIn(diagnose(seen))).toEqual(['server-metadata', 'discovery']);
  });

  test('the two documents of one server contradict each other', () => {
    const other = json({ ...server, token_endpoint: `${URL_OF_WELL}/elsewhere` });
    expect(failedIn(diagnose(observed({ discovery: other })))).toEqual(['discovery']);
  });

  test.each<[string, Partial<Record<ProbeName, Seen>>]>([
    ['port 80 is closed', { plainHttp: { kind: 'failure', reason: 'nothing listens there', isTls: false } }],
    ['nothing is served on port 80', { plainHttp: html(404) }],
    ['there is no token to call with', { withToken: NOT_ASKED }],
    ['registrations are at their limit', { register: json({ error: 'too_many_requests' }, 429) }],
    ['a foreign Host is led to the same', { forgedHost: json(server) }],
    ['a foreign Host leads to another site of the proxy', { forgedHost: html(404) }],
    [
      'the body is awaited first',
      { largeBody: { kind: 'failure', reason: 'no answer within 15 s', isTls: false } },
    ],
    ['the Worker is older than the stream', { stream: json({ ok: true }) }],
  ])('nothing is wrong where %s', (_, changes) => {
    expect(failedIn(diagnose(observed(changes)))).toEqual([]);
  });
});

describe('where nothing answers, only that is said', () => {
  test.each<[string, boolean, readonly string[]]>([
    ['its name does not resolve', false, ['reachable']],
    ['its certificate has expired', true, ['reachable', 'tls']],
  ])('%s', (reason, isTls, expected) => {
    const findings = diagnose(unreachable(reason, isTls));
    expect(failedIn(findings)).toEqual(expected);
    expect(findings.find(({ id }) => id === 'reachable')?.saw).toContain(reason);
  });

  test('and whether the Worker behind it is well', () => {
    const local = { state: '/state', workerPort: 8787, health: { ok: true, findings: [] } };
    const seen = { ...unreachable('nothing listens there'), local };
    expect(failedIn(diagnose(seen))).toEqual(['reachable', 'local']);
    const gone = { ...seen, local: { ...local, health: null } };
    const finding = diagnose(gone).find(({ id }) => id === 'local');
    expect(finding).toMatchObject({ state: 'failed', saw: expect.stringContaining('does not answer') });
  });
});

test('an address of plain http beyond this machine fails, and one of this machine does not', () => {
  const rewrite = (url: string) =>
    JSON.parse(JSON.stringify(observed({ plainHttp: NOT_ASKED })).replaceAll(URL_OF_WELL, url));
  expect(failedIn(diagnose(rewrite('http://causeway.example')))).toEqual(['tls']);
  expect(failedIn(diagnose(rewrite('http://127.0.0.1:8787')))).toEqual([]);
});

test('what a server says cannot steer the terminal', () => {
  const hostile = answer(200, { body: `\u001b[2J\u202e${'x'.repeat(10_000)}` });
  const finding = diagnose(observed({ health: hostile })).find(({ id }) => id === 'reachable');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  expect(finding?.saw).not.toMatch(/[\u0000-\u001f\u202e]/);
  expect(finding?.saw.length).toBeLessThan(300);
});

/** A header that is set to undefined is one that is not there. */
function withoutUndefined(changes: Partial<Record<ProbeName, Seen>>): Partial<Record<ProbeName, Seen>> {
  return JSON.parse(JSON.stringify(changes));
}
