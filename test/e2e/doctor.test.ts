import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { diagnose } from '../../cli/doctor/diagnose.ts';
import { observe } from '../../cli/doctor/observe.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { callTool } from '../support/mcp-call.ts';
import { authorizePath, claimsOf, connect, newPkce, registerClient, signedIn } from '../support/oauth.ts';
import { type Behaviour, type ReverseProxy, startReverseProxy } from '../support/reverse-proxy.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { settleAccount, Visitor } from '../support/visitor.ts';

/** A stack behind a real reverse proxy: its public address is a name, and the proxy's port. */
let proxy: ReverseProxy;
let stack: TestStack;
let stop: () => Promise<void>;

beforeAll(async () => {
  proxy = await startReverseProxy();
  const publicUrl = `http://causeway.localhost:${proxy.port}`;
  ({ stack, stop } = await startTestStack({ slots: 0, publicUrl }));
  proxy.leadTo(stack.port);
});
afterAll(async () => {
  await proxy.stop();
  await stop();
});

/** The checks that fail, but for the one that finds every test's address to be plain http. */
async function failures(behaviour: Behaviour, publicUrl = stack.publicUrl): Promise<readonly string[]> {
  proxy.behave(behaviour);
  const token = stack.apiToken;
  const findings = diagnose(await observe({ publicUrl, connectTo: '127.0.0.1', token }, null));
  return findings.filter(({ id, state }) => state === 'failed' && id !== 'tls').map(({ id }) => id);
}

const EVIL = 'evil.example';
const FORGED = {
  forwarded: `host=${EVIL};proto=https`,
  'x-forwarded-host': EVIL,
  'x-forwarded-proto': 'https',
  'x-forwarded-port': '81',
  'x-forwarded-for': '203.0.113.99',
  'x-original-url': '/evil',
};
const without =
  (...names: readonly string[]) =>
  (headers: object) =>
    Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));

describe('the doctor finds what a proxy in front of a deployment breaks', () => {
  test.each<[string, Behaviour, readonly string[]]>([
    ['nothing, where it only passes on', {}, []],
    ['nothing, where it forges headers', { onRequest: (headers) => ({ ...headers, ...FORGED }) }, []],
    ['nothing, where it rewrites Host', { onRequest: (headers) => ({ ...headers, host: 'worker:1' }) }, []],
    ['WWW-Authenticate is taken away', { onAnswer: without('www-authenticate') }, ['challenge']],
    ['Authorization is taken away', { onRequest: without('authorization') }, ['authorization', 'mcp-call']],
    [
      'MCP headers are taken away',
      { onRequest: without('mcp-method', 'mcp-protocol-version') },
      ['mcp-call'],
    ],
    ['streams are held back', { holdsBack: true }, ['streams']],
    ['a megabyte at most', { bodyBytesMax: 2 ** 20 }, ['large-bodies']],
    [
      'redirects are rewritten',
      {
        onAnswer: ({ location, ...headers }) =>
          location === undefined ? headers : { ...headers, location: `http://worker:8787${location}` },
      },
      ['redirects'],
    ],
    [
      'X-Forwarded-Host is believed',
      {
        onAnswer: ({ location, ...headers }, { 'x-forwarded-host': host }) =>
          location === undefined
            ? headers
            : { ...headers, location: host === undefined ? location : `https://${host}${location}` },
      },
      ['forged-headers'],
    ],
    [
      'cookies are rewritten',
      {
        onAnswer: ({ 'set-cookie': cookies, ...headers }) => ({
          ...headers,
          'set-cookie': (cookies ?? []).map((cookie) => `${cookie}; Domain=example`),
        }),
      },
      ['cookies'],
    ],
    [
      'the site of the proxy keeps a path',
      { ownPaths: /^\/\.well-known\// },
      ['resource-metadata', 'resource-metadata-of-path', 'server-metadata', 'discovery'],
    ],
  ])('%s', async (_, behaviour, expected) => {
    expect(await failures(behaviour)).toEqual(expected);
  });

  test('a PUBLIC_URL that is not the address', async () => {
    expect(await failures({}, `http://other.example:${proxy.port}`)).toEqual([
      'resource-metadata',
      'resource-metadata-of-path',
      'server-metadata',
      'discovery',
      'challenge',
    ]);
  });

  test('a proxy that leads nowhere', async () => {
    proxy.leadTo(1);
    expect(await failures({})).toContain('reachable');
    proxy.leadTo(stack.port);
  });

  test('and says so by its exit code, in JSON and in words', async () => {
    proxy.behave({ holdsBack: true });
    const doctor = (...more: readonly string[]) =>
      promisify(execFile)(
        join(ROOT_DIR, 'causeway'),
        ['doctor', '--state', stack.stateDir, '--connect-to', '127.0.0.1', ...more],
        { env: { ...process.env, NO_COLOR: '1' } },
      ).then(
        ({ stdout }) => ({ code: 0, stdout }),
        (error: { code: number; stdout: string }) => ({ code: error.code, stdout: error.stdout }),
      );
    const { code, stdout } = await doctor('--json');
    const report = JSON.parse(stdout) as { healthy: boolean; checks: { id: string; state: string }[] };
    expect([code, report.healthy]).toEqual([1, false]);
    expect(report.checks.find(({ id }) => id === 'local')?.state).toBe('ok');
    expect(report.checks.find(({ id }) => id === 'mcp-call')?.state).toBe('ok');
    const words = await doctor();
    expect(words.code).toBe(1);
    expect(words.stdout).toMatch(
      /✗ Event streams arrive as they are sent\n {4}\S.*\n {4}why {2}\S.*\n {4}do {3}\S/,
    );
    expect(words.stdout).not.toContain(stack.apiToken);
  });
});

test('behind a proxy that forges headers, everything hangs on PUBLIC_URL', async () => {
  // The name has no address: tests reach the proxy by its own, and it puts the name into what it passes on.
  const reached: TestStack = { ...stack, publicUrl: `http://127.0.0.1:${proxy.port}` };
  proxy.behave({
    onRequest: ({ origin, ...headers }) => ({
      ...headers,
      ...FORGED,
      host: EVIL,
      ...(origin === undefined ? {} : { origin: stack.publicUrl }),
    }),
  });
  const ann = await settleAccount(stack, { name: 'Ann' });

  const client = await registerClient(reached);
  const stranger = new Visitor(reached);
  const asked = await stranger.get(authorizePath(client, newPkce()));
  expect(asked.status).toBe(303);
  const login = asked.headers.get('location') ?? '';
  expect(new URL(login, stack.publicUrl).origin).toBe(stack.publicUrl);

  const visitor = await signedIn(reached, ann);
  expect([...visitor.cookies.keys()].filter((name) => !name.startsWith('__Host-'))).toEqual([]);
  const { tokens } = await connect(reached, visitor);
  const { iss, aud } = claimsOf(tokens.access_token);
  expect([iss, aud]).toEqual([stack.publicUrl, `${stack.publicUrl}/mcp`]);
  const mcp = { ...reached, mcpUrl: `${reached.publicUrl}/mcp` };
  const called = await callTool<{ tenant: { id: string } }>(mcp, tokens.access_token, 'whoami');
  expect(called.structured.tenant.id).toBe(ann.tenant);

  for (const path of ['/', '/login', '/account', '/agents', '/device', '/invitations']) {
    const response = await visitor.get(path);
    const page = await response.text();
    expect([path, page.includes(EVIL)]).toEqual([path, false]);
    for (const [, link = ''] of page.matchAll(/ (?:href|action|src)="([^"#]*)"/g))
      expect([path, link, new URL(link, stack.publicUrl).origin]).toEqual([path, link, stack.publicUrl]);
  }
});
