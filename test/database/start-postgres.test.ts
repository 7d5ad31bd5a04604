import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type PostgresHandle, startPostgres } from '../../cli/database/start-postgres.ts';

const module = fileURLToPath(new URL('../../cli/database/start-postgres.ts', import.meta.url));

let folder: string;
const running: PostgresHandle[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-postgres-'));
});
afterEach(async () => {
  for (const postgres of running.splice(0)) await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function start(options: Partial<Parameters<typeof startPostgres>[0]> = {}): Promise<PostgresHandle> {
  const postgres = await startPostgres({ stateFolder: folder, fsync: false, ...options });
  running.push(postgres);
  return postgres;
}

async function ask(url: string, sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('a cluster', () => {
  test('keeps its rows, its password and its port over a restart', async () => {
    const first = await start();
    await ask(first.superuserUrl, 'create table kept as select 1 as x');
    await first.stop();
    const second = await start({ port: first.port });
    expect(second.superuserUrl).toBe(first.superuserUrl);
    expect(await ask(second.superuserUrl, 'table kept')).toEqual([{ x: 1 }]);
  });

  test('keeps what was committed when its server is killed', async () => {
    const first = await start({ fsync: true });
    await ask(first.superuserUrl, 'create table kept as select 1 as x');
    process.kill(first.pid, 'SIGKILL');
    expect(await first.ended).toBe('ended by SIGKILL');
    const second = await start({ fsync: true });
    expect(await ask(second.superuserUrl, 'table kept')).toEqual([{ x: 1 }]);
  });

  test('is made anew where the first attempt to make it was interrupted', async () => {
    mkdirSync(join(folder, 'data', 'base'), { recursive: true });
    writeFileSync(join(folder, 'data', 'half-made'), '');
    const postgres = await start();
    expect(await ask(postgres.superuserUrl, 'select 1 as x')).toEqual([{ x: 1 }]);
  });

  test('is made anew where initdb and who called it were killed in the middle', async () => {
    const program = `
      const { startPostgres } = await import(${JSON.stringify(module)});
      await startPostgres({ stateFolder: ${JSON.stringify(folder)}, fsync: false });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: 'ignore',
      detached: true,
    });
    const killed = once(child, 'exit');
    // initdb writes PG_VERSION first; what it makes with it is a server without databases.
    const isBegun = () => readdirSync(folder).some((name) => existsSync(join(folder, name, 'PG_VERSION')));
    while (!isBegun()) await delay(2);
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await killed;

    const postgres = await start();
    expect(await ask(postgres.superuserUrl, 'select 1 as x')).toEqual([{ x: 1 }]);
    expect(readdirSync(folder).filter((name) => name.startsWith('data'))).toEqual(['data']);
  });

  test.each([0o700, 0o755])('works under a folder of mode %o', async (mode) => {
    const state = join(folder, 'private', 'state');
    mkdirSync(state, { recursive: true });
    const { chmodSync } = await import('node:fs');
    chmodSync(join(folder, 'private'), mode);
    chmodSync(folder, 0o755);
    const postgres = await start({ stateFolder: state });
    expect(await ask(postgres.superuserUrl, 'select 1 as x')).toEqual([{ x: 1 }]);
    await postgres.stop();
    chmodSync(join(folder, 'private'), 0o755);
    const again = await start({ stateFolder: state });
    expect(await ask(again.superuserUrl, 'select 1 as x')).toEqual([{ x: 1 }]);
  });
});

describe('nobody gets in who should not', () => {
  test('a wrong password is refused, and a missing one', async () => {
    const { superuserUrl, port } = await start();
    await expect(ask(superuserUrl.replace(/:[^:@]+@/, ':wrong@'), 'select 1')).rejects.toMatchObject({
      code: '28P01',
    });
    await expect(ask(`postgresql://postgres@127.0.0.1:${port}/postgres`, 'select 1')).rejects.toThrow(
      /password/,
    );
  });

  test('it listens on 127.0.0.1 alone and has no unix socket', async () => {
    const { superuserUrl, port } = await start();
    const settings = await ask(
      superuserUrl,
      "select name, setting from pg_settings where name in ('listen_addresses', 'unix_socket_directories', 'password_encryption') order by name",
    );
    expect(settings.map(({ setting }) => setting)).toEqual(['127.0.0.1', 'scram-sha-256', '']);
    const socket = connect({ host: '127.0.0.2', port });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('its password is readable by its user alone', async () => {
    await start();
    expect(statSync(join(folder, 'superuser-password')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'data')).mode & 0o077).toBe(0);
    expect(existsSync(join(folder, 'data.password'))).toBe(false);
  });

  test('it runs as no root, with nothing of our environment', async () => {
    process.env.CAUSEWAY_PLANTED_SECRET = 'planted';
    const { pid } = await start();
    delete process.env.CAUSEWAY_PLANTED_SECRET;
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain('planted');
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^NoNewPrivs:\t1$/m);
  });
});

describe('an end', () => {
  test('by stop() leaves no process, also while clients are connected, also twice', async () => {
    const postgres = await start();
    const client = new pg.Client({ connectionString: postgres.superuserUrl });
    client.on('error', () => {});
    await client.connect();
    await Promise.all([postgres.stop(), postgres.stop()]);
    expect(existsSync(`/proc/${postgres.pid}`)).toBe(false);
    expect(await postgres.ended).toBe('exit code 0');
  });

  test('of the process that started it ends it, however that died', async () => {
    const script = join(folder, 'starter.mjs');
    writeFileSync(
      script,
      `const { startPostgres } = await import(${JSON.stringify(module)});
       const { pid } = await startPostgres({ stateFolder: ${JSON.stringify(join(folder, 'state'))}, fsync: false });
       console.log(pid);
       setInterval(() => {}, 1000);`,
    );
    const starter = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(starter.stdout, 'data');
    const pid = Number(String(line).trim());
    expect(existsSync(`/proc/${pid}`)).toBe(true);
    starter.kill('SIGKILL');
    await expect.poll(() => existsSync(`/proc/${pid}`)).toBe(false);
  });
});

describe('a server that was killed', () => {
  test('is followed by the next once the last of its children is gone, and nothing that was committed is lost', async () => {
    const killed = await start({ fsync: true });
    await ask(killed.superuserUrl, 'create table kept as select 1 as n');
    const client = new pg.Client({ connectionString: killed.superuserUrl });
    client.on('error', () => {});
    await client.connect();
    const { rows } = await client.query('select pg_backend_pid() as pid');
    const backend = rows[0].pid as number;
    process.kill(backend, 'SIGSTOP');
    process.kill(killed.pid, 'SIGKILL');
    await expect.poll(() => existsSync(`/proc/${killed.pid}`)).toBe(false);
    const waits: string[] = [];
    const waiting = Promise.withResolvers<void>();
    const next = start({
      onProgress: (message) => {
        waits.push(message);
        if (message.startsWith('waiting for')) waiting.resolve();
      },
    });
    await Promise.race([waiting.promise, next]);
    expect(waits).toContain('waiting for what is left of a server that was killed');
    process.kill(backend, 'SIGCONT');
    expect(await ask((await next).superuserUrl, 'select n from kept')).toEqual([{ n: 1 }]);
  });
});

describe('what goes wrong at the start is said', () => {
  test('the port is taken', async () => {
    const { port } = await start();
    const other = mkdtempSync(join(tmpdir(), 'causeway-postgres-'));
    await expect(startPostgres({ stateFolder: other, port, fsync: false })).rejects.toThrow(
      new RegExp(`port ${port}[^]*Address already in use`),
    );
    rmSync(other, { recursive: true, force: true });
  });

  test('the folder has a server already', async () => {
    await start();
    await expect(startPostgres({ stateFolder: folder, fsync: false })).rejects.toThrow(
      /lock file "postmaster\.pid" already exists/,
    );
  });
});
