import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Certificates, ensureCertificates, LOCAL_NAMES } from '../../cli/tls/certificates.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

const MAIN = fileURLToPath(new URL('../../infra/postgres-http/main.ts', import.meta.url));

const dir = mkdtempSync(join(tmpdir(), 'causeway-tls-'));
let certificates: Certificates;
let database: TestDatabase;
let server: ChildProcessByStdio<Writable, Readable, null> | undefined;

beforeAll(async () => {
  [database, certificates] = await Promise.all([startTestDatabase(), ensureCertificates(dir, LOCAL_NAMES)]);
});
afterAll(async () => {
  await database?.stop();
  rmSync(dir, { recursive: true });
});
afterEach(() => server?.kill('SIGKILL'));

/** Starts the program as the launcher does: a pipe as standard input, one READY line on standard output. */
async function start(...args: readonly string[]): Promise<{ url: string; ended: Promise<unknown[]> }> {
  const upstream = ['--upstream', `127.0.0.1:${database.port}`];
  server = spawn(process.execPath, [MAIN, '--listen', '127.0.0.1:0', ...upstream, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: {},
  });
  const ended = once(server, 'exit');
  const [line] = await once(server.stdout.setEncoding('utf8'), 'data');
  return { url: JSON.parse(String(line).replace(/^READY /, '')).url, ended };
}

const ask = async (url: string, query: string) => {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'Neon-Connection-String': database.appUrl,
      'Neon-Raw-Text-Output': 'true',
      'Neon-Array-Mode': 'true',
    },
    body: JSON.stringify({ query, params: [] }),
  });
  return response.json() as Promise<{ rows?: unknown; code?: string }>;
};

/** Resolves when nobody listens at the address any more. */
async function untilRefused(url: string): Promise<void> {
  for (;;) {
    const answered = await fetch(url, { headers: { connection: 'close' } }).catch(() => null);
    if (answered === null) return;
    await answered.text();
  }
}

describe('the program', () => {
  test('says READY with its address, serves, and ends on SIGTERM after the running request is answered', async () => {
    const { url, ended } = await start();
    const holder = await database.connectApp();
    await holder.query('select pg_advisory_lock(1)');
    const running = ask(url, "select pg_advisory_xact_lock(1), 'answered'");
    await expect
      .poll(() =>
        database.asSuperuser(
          "select from pg_stat_activity where application_name = 'postgres-http' and wait_event_type = 'Lock'",
        ),
      )
      .toHaveLength(1);
    server?.kill('SIGTERM');
    await untilRefused(url);
    await holder.query('select pg_advisory_unlock(1)');
    expect((await running).rows).toEqual([['', 'answered']]);
    expect(await ended).toEqual([0, null]);
  });

  test('ends when its standard input closes, which is how it learns that the launcher is gone', async () => {
    const { url, ended } = await start();
    expect((await ask(url, 'select 1')).rows).toEqual([['1']]);
    server?.stdin.end();
    expect(await ended).toEqual([0, null]);
  });

  test('leaves no connection in Postgres when it ends', async () => {
    const { url, ended } = await start();
    await ask(url, 'select 1');
    server?.kill('SIGTERM');
    await ended;
    await expect
      .poll(() =>
        database.asSuperuser("select from pg_stat_activity where application_name = 'postgres-http'"),
      )
      .toEqual([]);
  });

  test('takes each limit from its option', async () => {
    const { url } = await start('--rows-max', '2');
    expect((await ask(url, 'select generate_series(1, 3)')).code).toBe('54000');
    expect((await ask(url, 'select generate_series(1, 2)')).rows).toHaveLength(2);
  });

  test('explains itself', () => {
    const help = execFileSync(process.execPath, [MAIN, '--help'], { encoding: 'utf8' });
    expect(help).toContain('--upstream HOST:PORT');
    expect(help).toContain('--response-bytes-max');
  });

  const wrong: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['no upstream', [], /--upstream HOST:PORT is missing/],
    ['an upstream that is no address', ['--upstream', 'nonsense'], /--upstream is not HOST:PORT/],
    ['a port that is none', ['--upstream', '127.0.0.1:70000'], /--upstream is not HOST:PORT/],
    [
      'a limit that is no number',
      ['--upstream', '127.0.0.1:1', '--rows-max', 'many'],
      /--rows-max is not a positive whole number/,
    ],
    [
      'a certificate without its key',
      ['--upstream', '127.0.0.1:1', '--tls-cert', '/dev/null'],
      /--tls-cert and --tls-key belong together/,
    ],
    [
      'a key that is not there',
      ['--upstream', '127.0.0.1:1', '--tls-cert', '/dev/null', '--tls-key', '/nowhere/key.pem'],
      /--tls-key: ENOENT/,
    ],
    [
      'an authority that is not there',
      ['--upstream', '127.0.0.1:1', '--upstream-ca', '/nowhere/ca.pem'],
      /--upstream-ca: ENOENT/,
    ],
    ['an option that does not exist', ['--upstream', '127.0.0.1:1', '--superuser'], /superuser/],
  ];
  test.each(wrong)('refuses %s in a sentence', async (_name, args, message) => {
    const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    const [code] = await once(child, 'close');
    expect(said).toMatch(message);
    expect(said).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
  });
});

describe('what would let passwords travel in the clear', () => {
  const fails = (...args: readonly string[]) => {
    try {
      execFileSync(process.execPath, [MAIN, ...args], { stdio: 'pipe', env: {} });
      return null;
    } catch (error) {
      const { status, stderr } = error as { status: number; stderr: Buffer };
      return { status, said: stderr.toString() };
    }
  };

  test('is refused at once, all of it, with what to do', () => {
    const failed = fails('--listen', '0.0.0.0:0', '--upstream', '203.0.113.5:5432');
    expect(failed?.status).toBe(2);
    expect(failed?.said).toMatch(/--listen 0\.0\.0\.0 would serve plain HTTP.*--tls-cert/);
    expect(failed?.said).toMatch(/--upstream 203\.0\.113\.5 .*without TLS.*--upstream-tls/);
  });

  test('so is a key that others can read', () => {
    chmodSync(certificates.keyFile, 0o644);
    const { certFile, keyFile } = certificates;
    const failed = fails('--upstream', '127.0.0.1:1', '--tls-cert', certFile, '--tls-key', keyFile);
    chmodSync(keyFile, 0o600);
    expect(failed?.said).toMatch(/key\.pem can be read by others \(mode 0644\): chmod go=/);
  });
});

describe('with TLS', () => {
  const SECURED = 'select ssl, version from pg_stat_ssl where pid = pg_backend_pid()';

  /** What a real TLS client says of a handshake at that version; old ciphers are allowed to it, so that the version decides. */
  async function handshake(url: string, version: string): Promise<string> {
    const args = ['s_client', '-connect', new URL(url).host, `-${version}`, '-CAfile', certificates.caFile];
    const client = spawn('openssl', [...args, '-cipher', 'DEFAULT:@SECLEVEL=0'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [said, complained] = await Promise.all([text(client.stdout), text(client.stderr)]);
    return said + complained;
  }

  test('it serves TLS 1.2 and newer, proven by its authority, and no plain HTTP', async () => {
    const { certFile, keyFile, caFile } = certificates;
    const { url } = await start('--tls-cert', certFile, '--tls-key', keyFile);
    expect(url).toMatch(/^https:/);
    for (const version of ['tls1', 'tls1_1'])
      expect(await handshake(url, version)).toContain('no peer certificate available');
    for (const version of ['tls1_2', 'tls1_3'])
      expect(await handshake(url, version)).toContain('Verify return code: 0 (ok)');
    const answered = await new Promise<string>((resolve, reject) => {
      const asked = request(new URL('/health', url), { ca: readFileSync(caFile) }, (response) =>
        resolve(text(response)),
      );
      asked.on('error', reject).end();
    });
    expect(answered).toBe('ok\n');
    await expect(fetch(url.replace('https:', 'http:'))).rejects.toThrow();
  });

  test('it reaches a Postgres by TLS whose certificate its authority proves, and no other', async () => {
    const asked = async (...args: readonly string[]) => {
      const { url } = await start(...args);
      const answer = await ask(url, SECURED);
      server?.kill('SIGKILL');
      return answer;
    };
    const proven = ['--upstream-ca', certificates.caFile];
    // A server without TLS is not logged in to in the clear.
    expect(JSON.stringify(await asked(...proven))).toMatch(/does not support SSL/);
    expect((await asked()).rows).toEqual([['f', null]]);

    await secure(certificates);
    expect((await asked(...proven)).rows).toEqual([['t', 'TLSv1.3']]);
    const other = await ensureCertificates(join(dir, 'other'), LOCAL_NAMES);
    for (const unproven of [['--upstream-ca', other.caFile], ['--upstream-tls']]) {
      const answer = await asked(...unproven);
      expect(answer.rows).toBeUndefined();
      expect(JSON.stringify(answer)).toMatch(/certificate/);
    }
    const named = await ensureCertificates(join(dir, 'named'), ['db.example.com']);
    await secure(named);
    expect(JSON.stringify(await asked('--upstream-ca', named.caFile))).toMatch(/altnames/);
  });

  /** Has the server of this file speak TLS with a certificate. */
  async function secure({ certFile, keyFile }: Certificates): Promise<void> {
    const [row] = await database.asSuperuser('show data_directory');
    const folder = String(row?.data_directory);
    const { uid, gid } = statSync(folder);
    for (const [from, to] of [
      [certFile, 'server.crt'],
      [keyFile, 'server.key'],
    ] as const) {
      writeFileSync(join(folder, to), readFileSync(from), { mode: 0o600 });
      chownSync(join(folder, to), uid, gid);
    }
    await database.asSuperuser('alter system set ssl = on');
    await database.asSuperuser('select pg_reload_conf()');
    await expect.poll(async () => (await database.asSuperuser('show ssl'))[0]?.ssl).toBe('on');
  }
});
