import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { findFreePort } from '../../cli/database/find-free-port.ts';
import { diagnose } from '../../cli/doctor/diagnose.ts';
import { observe } from '../../cli/doctor/observe.ts';
import { judgeSecrets, readOrCreateSecrets } from '../../cli/stack/secrets.ts';
import { preparePaths, ROOT_DIR, statePaths } from '../../cli/stack/state-paths.ts';
import { ensureCertificates, LOCAL_NAMES } from '../../cli/tls/certificates.ts';
import { newKey } from '../../executor/identity.ts';
import { callTool } from '../support/mcp-call.ts';
import { authorizePath, claimsOf, connect, newPkce, registerClient, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
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
  const findings = diagnose(await observe({ publicUrl, connectTo: '127.0.0.1', token }, NOTHING_INSIDE));
  return findings.filter(({ id, state }) => state === 'failed' && id !== 'tls').map(({ id }) => id);
}

const NOTHING_INSIDE = { local: null, inside: null };
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

describe('the doctor prints the very list with which a program refuses to start:', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'causeway-refused-'));
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const run = (program: string, ...args: readonly string[]) =>
    promisify(execFile)(program, [...args], { env: { ...process.env, NO_COLOR: '1' } }).then(
      ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => ({
        code,
        stdout,
        stderr,
      }),
    );
  const doctor = async (...args: readonly string[]) => {
    const { code, stdout } = await run(join(ROOT_DIR, 'causeway'), 'doctor', '--json', ...args);
    return { code, said: JSON.parse(stdout) };
  };

  test('the launcher', async () => {
    const paths = statePaths(dir);
    preparePaths(paths);
    const secrets = readOrCreateSecrets(paths);
    expect(await doctor('--state', dir)).toMatchObject({ code: 0, said: { state: dir, healthy: true } });
    writeFileSync(paths.secretsFile, JSON.stringify({ ...secrets, sealKey: secrets.contextKey }), {
      mode: 0o600,
    });
    chmodSync(paths.secretsFile, 0o644);
    const { keyFile } = await ensureCertificates(paths.tls, LOCAL_NAMES);
    chmodSync(keyFile, 0o644);
    const findings = judgeSecrets(paths) ?? [];
    expect(findings).toHaveLength(3);
    const { code, said } = await doctor('--state', dir);
    expect([code, said.healthy]).toEqual([1, false]);
    const port = String(await findFreePort());
    const options = ['--tls', '--slots', '0', '--port', port, '--state', dir];
    const up = await run(join(ROOT_DIR, 'causeway'), 'up', ...options);
    expect(up.code).toBe(1);
    for (const finding of findings) {
      expect(said.checks[0]).toMatchObject({ id: 'launcher', saw: expect.stringContaining(finding) });
      expect(up.stderr).toContain(finding);
    }
  });

  test('an executor', async () => {
    const state = join(dir, 'executor');
    mkdirSync(state);
    const key = { ...newKey(), made_at: '2020-01-01', executor: 'exe', pool: 'pol', audience: 'x' };
    writeFileSync(join(state, 'executor.json'), JSON.stringify(key), { mode: 0o600 });
    chmodSync(state, 0o777);
    const options = ['--url', 'http://causeway.example.com', '--state', state];
    const { code, said } = await doctor('executor', '--', ...options);
    const findings = [
      /is not dialled\. Over plain http/,
      / \d{4} days old, and overdue after 400: run causeway-executor/,
      /can be read or changed/,
      /^no_image_key: /,
    ];
    expect([code, said.findings]).toEqual([1, findings.map((says) => expect.stringMatching(says))]);
    const started = await run(process.execPath, join(ROOT_DIR, 'executor/main.ts'), ...options);
    expect(started).toMatchObject({ code: 1, stderr: `${said.findings.join('\n')}\n` });
  });

  test('postgres-http', async () => {
    const [cert, key] = [join(dir, 'cert.pem'), join(dir, 'key.pem')];
    for (const file of [cert, key]) writeFileSync(file, 'x', { mode: 0o644 });
    const files = ['--tls-cert', cert, '--tls-key', key];
    const options = ['--upstream', 'db.internal:5432', ...files, '--rows-max', 'many'];
    const { code, said } = await doctor('postgres-http', '--', ...options);
    expect([code, said.findings]).toEqual([
      1,
      [/^--rows-max/, /^--upstream db/, /^--tls-cert/, /key\.pem can be read/, /^--tls-key/].map((says) =>
        expect.stringMatching(says),
      ),
    ]);
    const started = await run(process.execPath, join(ROOT_DIR, 'infra/postgres-http/main.ts'), ...options);
    expect(started.code).toBe(2);
    expect(started.stderr.trim().split('\n  ').slice(1)).toEqual(said.findings);
    expect(await doctor('postgres-http', '--', '--help')).toMatchObject({
      code: 1,
      said: { findings: [expect.stringMatching(/^--help .* starts nothing: leave it out$/)] },
    });
    expect(await doctor('postgres-http', '--', '--upstream', '127.0.0.1:5432')).toEqual({
      code: 0,
      said: { program: 'postgres-http', healthy: true, findings: [] },
    });
  });

  test('a database that is named, beside a stack that does not run and where there is none', async () => {
    const look = async (ownerUrl: string) => {
      vi.stubEnv('DATABASE_OWNER_URL', ownerUrl);
      const { checks } = (await doctor('--state', dir)).said;
      vi.unstubAllEnvs();
      return (checks as readonly { id: string; state: string }[])
        .slice(0, 4)
        .map(({ id, state }) => [id, state]);
    };
    const without = [
      ['launcher', 'skipped'],
      ['executor', 'skipped'],
    ];
    const sound = [
      ['database', 'ok'],
      ['blobs', 'ok'],
    ];
    expect(await look(stack.ownerUrl)).toEqual([...without, ...sound]);
    const away = stack.ownerUrl.replace(/:\d+\//, ':1/');
    expect(await look(away)).toEqual([...without, ['database', 'failed'], ['blobs', 'skipped']]);
    const paths = statePaths(dir);
    preparePaths(paths);
    readOrCreateSecrets(paths);
    expect(await look(stack.ownerUrl)).toEqual([['launcher', 'ok'], ['executor', 'skipped'], ...sound]);
  });

  test('of a stack that runs: its files, its database, and blobs that are not as they should be', async () => {
    const said = async () => {
      const { checks } = (await doctor('--state', stack.stateDir, '--connect-to', '127.0.0.1')).said;
      return Object.fromEntries(
        (checks as readonly { id: string; state: string; saw: string }[])
          .slice(0, 4)
          .map(({ id, state, saw }) => [id, `${state}: ${saw}`]),
      );
    };
    proxy.behave({});
    const sound = 'ok: Nothing is said against it.';
    expect(await said()).toEqual({
      launcher: sound,
      executor: 'skipped: It has no executor of its own.',
      database: sound,
      blobs: 'ok: None waits.',
    });
    const tenant = stack.secrets.developmentTenant;
    await queryAs(
      stack.superuserUrl,
      'insert into app.blobs_to_seal (tenant_id, sha256, damaged_at) values ($1, $2, now())',
      [tenant, 'b'.repeat(64)],
    );
    await queryAs(stack.superuserUrl, 'alter table app.projects no force row level security', []);
    for (const change of [
      "app.oauth_keys set signs_from = now() - interval '1001 days'",
      "app_private.signing_keys set installed_at = now() - interval '1002 days' where purpose = 'ticket'",
      "app.seal_key set known_since = now() - interval '1003 days'",
      "app.key_encryption_keys set created_at = now() - interval '1004 days'",
    ])
      await queryAs(stack.superuserUrl, `update ${change}`, []);
    for (const days of [1001, 1002, 1003, 1004])
      expect((await said()).database).toContain(`is ${days} days old, and overdue after 400`);
    expect(await said()).toMatchObject({
      database: expect.stringMatching(
        /^failed: It is refused:[\s\S]*Table app\.projects has no forced row security/,
      ),
      blobs: expect.stringMatching(new RegExp(`^failed: 1 are damaged:\\n.*${tenant}/${'b'.repeat(64)}`)),
    });
    await queryAs(stack.superuserUrl, 'alter table app.projects force row level security', []);
    await queryAs(stack.superuserUrl, 'delete from app.blobs_to_seal', []);
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
