import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, lstat, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mintJoinToken } from '../../cli/identity/mint-join-token.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { layoutUnder, programOf } from '../../executor/host/layout.ts';
import type { Stored } from '../../executor/identity.ts';
import { remains } from '../support/executor-process.ts';
import { operatorOf, PLATFORM_POOL } from '../support/fleet.ts';
import { type Modeller, settleModeller } from '../support/model-project.ts';
import { queryAs } from '../support/query-as.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';
import { imageArgs } from '../support/signed-image.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';

/** A host's whole life as its operator sees it, with the real commands, below a folder instead of /. */
let stack: TestStack;
let stop: () => Promise<void>;
let prefix: string;
let tokenFile: string;
let ann: Modeller;
let trust: readonly string[];
let serve: readonly string[];
let daemon: ChildProcess | null = null;
const layout = () => layoutUnder(prefix);

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
  prefix = await mkdtemp(join(tmpdir(), 'causeway-join-'));
  tokenFile = join(prefix, 'token');
  trust = await imageArgs(CACHE_DIR);
  ann = await settleModeller(stack, 'Ann', 'import time\ntime.sleep(0.1)\nprint(6 * 7)\n');
});
afterAll(async () => {
  if (daemon !== null && daemon.exitCode === null) {
    daemon.kill('SIGTERM');
    await once(daemon, 'exit');
  }
  await stop();
  await rm(prefix, { recursive: true, force: true });
});

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function call(program: string, args: readonly string[]): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(program, args, { cwd: ROOT_DIR }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    );
    child.stdin?.end();
  });
}

const joinArgs = (...more: string[]) => [
  ...['executor', 'join', '--url', stack.publicUrl, '--name', 'fresh-vm', '--label', 'region=eu'],
  ...[...trust, '--prefix', prefix, '--cache', CACHE_DIR, '--no-start', ...more],
];
const causeway = (...args: string[]) =>
  call(process.execPath, ['--disable-warning=ExperimentalWarning', 'cli/main.ts', ...args]);
const joinHost = (...more: string[]) => causeway(...joinArgs(...more));
/** The command that a join has installed. */
const onHost = (command: string, ...args: string[]) =>
  call(programOf(layout().current).command, [command, '--prefix', prefix, ...args]);

async function startDaemon(): Promise<void> {
  const [program = '', ...args] = serve;
  daemon = spawn(program, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  for await (const line of createInterface({ input: daemon.stdout as NodeJS.ReadableStream }))
    if (line.startsWith('READY ')) return;
  throw new Error('the daemon ended before it was ready');
}

const madeDaysAgo = (days: number) => new Date(Date.now() - days * 24 * 3600_000).toISOString();
const statusOf = async () => JSON.parse((await onHost('status', '--json')).stdout) as Record<string, unknown>;

describe('executor join', () => {
  test('says what it would do and does nothing, with --dry-run or where nobody can be asked', async () => {
    await writeFile(tokenFile, await mintJoinToken(stack.ownerUrl), { mode: 0o600 });
    const dry = await joinHost('--token-file', tokenFile, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stderr: expect.stringContaining(layout().programsDir) });
    const unasked = await joinHost('--token-file', tokenFile);
    expect(unasked).toMatchObject({ code: 1, stderr: expect.stringContaining('say --yes') });
    expect(await readdir(prefix)).toEqual(['token']);
  });

  test.each<[string, () => Promise<string[]>, RegExp]>([
    [
      'over plain http to another machine',
      async () => ['--url', 'http://causeway.example'],
      /Over plain http anybody on the way could read/,
    ],
    ['with what is no token', async () => ['--token', 'secret'], /This is no join token/],
    ['without a token', async () => [], /no join token was given/],
    [
      'to a deployment that is not there',
      async () => ['--url', 'http://127.0.0.1:9', '--token-file', tokenFile],
      /http:\/\/127\.0\.0\.1:9 cannot be reached/,
    ],
  ])('refuses %s, and changes nothing', async (_what, args, says) => {
    const { code, stderr } = await joinHost('--yes', ...(await args()));
    expect(code).not.toBe(0);
    expect(stderr).toMatch(says);
    expect(await readdir(prefix)).toEqual(['token']);
  });

  test('killed in the middle goes on where it ended, with the same token', async () => {
    const child = spawn(process.execPath, ['cli/main.ts', ...joinArgs('--token-file', tokenFile, '--yes')], {
      cwd: ROOT_DIR,
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    // The copy that is being made, or is made where this is seen late.
    const copies = () => readdir(layout().programsDir).catch(() => []);
    await expect.poll(copies, { interval: 5 }).not.toEqual([]);
    child.kill('SIGKILL');
    await exited;
    const { code, stdout, stderr } = await joinHost('--token-file', tokenFile, '--yes', '--json');
    expect(code, stderr).toBe(0);
    const joined = JSON.parse(stdout) as { executor: string; engine: string; command: string[] };
    expect(joined).toMatchObject({ ok: true, engine: 'gvisor', status: null });
    serve = joined.command;
    expect((await readdir(layout().programsDir)).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('leaves key and state to root alone, and the token nowhere', async () => {
    const modes = async (path: string) => ((await lstat(path)).mode & 0o777).toString(8);
    expect(await modes(layout().stateDir)).toBe('700');
    expect(await modes(join(layout().stateDir, 'executor.json'))).toBe('600');
    const settings = await readFile(layout().settingsFile, 'utf8');
    expect(JSON.parse(settings)).toMatchObject({ name: 'fresh-vm', label: ['region=eu'], engine: 'gvisor' });
    const token = await readFile(tokenFile, 'utf8');
    expect(`${settings}${serve.join(' ')}`).not.toContain(token);
    expect(await readdir(layout().stateDir)).toEqual(['executor.json']);
  });

  test('again changes nothing: not the program, the settings or the key, and it has to be told nothing', async () => {
    const before = await readFile(join(layout().stateDir, 'executor.json'), 'utf8');
    const settings = await readFile(layout().settingsFile, 'utf8');
    const again = await causeway(
      'executor',
      'join',
      '--prefix',
      prefix,
      '--cache',
      CACHE_DIR,
      '--no-start',
      '--yes',
    );
    expect(again.code, again.stderr).toBe(0);
    expect(again.stdout).toContain(serve.join(' '));
    expect(await readFile(layout().settingsFile, 'utf8')).toBe(settings);
    expect(await readFile(join(layout().stateDir, 'executor.json'), 'utf8')).toBe(before);
  });

  test('refuses a token that another host has used, or is of another deployment, and an image that nobody signed', async () => {
    const other = await mkdtemp(join(tmpdir(), 'causeway-join-other-'));
    const args = ['--prefix', other, '--yes', '--token-file'];
    const used = await joinHost(...args, tokenFile);
    expect(used).toMatchObject({ code: 1, stderr: expect.stringContaining('refused the join token') });
    const foreign = join(other, 'token');
    await writeFile(foreign, `join_${'A'.repeat(43)}`);
    expect((await joinHost(...args, foreign)).stderr).toContain('refused the join token');
    const unsigned = await joinHost(...args, foreign, '--image-signature', '/dev/null');
    expect(unsigned.stderr).toContain('signature_malformed');
    expect(await readdir(layoutUnder(other).stateDir)).toEqual(['executor.json.joining']);
    await rm(other, { recursive: true, force: true });
  });
});

describe('a host that has joined', () => {
  test('runs models from the copy that was installed, and tells root how it stands', async () => {
    expect(await statusOf()).toMatchObject({ running: false });
    await startDaemon();
    expect(await statusOf()).toMatchObject({
      running: true,
      connected: true,
      draining: false,
      engine: 'gvisor',
      slots: 2,
      runs: 0,
    });
    const reply = await ann.runModel(1);
    expect(reply.structured.stdout.text).toBe('42\n');
    expect((await onHost('status')).stdout).toMatch(/^state +connected$/m);
    expect((await onHost('logs')).stderr).toContain('without a service');
  });

  test('tests itself beside the executor that serves', async () => {
    const { code, stdout } = await onHost('self-test', '--json');
    expect([code, (JSON.parse(stdout) as { ok: boolean }).ok]).toEqual([0, true]);
    expect(await statusOf()).toMatchObject({ connected: true });
  });

  test('exchanges its key, connects with the new one, and goes on', async () => {
    const key = async () =>
      (JSON.parse(await readFile(join(layout().stateDir, 'executor.json'), 'utf8')) as Stored).private_key;
    const before = await key();
    const running = ann.runModel(2);
    const { code, stderr } = await onHost('rotate-key', '--json');
    expect(code, stderr).toBe(0);
    expect(await key()).not.toBe(before);
    expect((await running).structured.state).toBe('succeeded');
    await expect.poll(statusOf).toMatchObject({ connected: true });
    expect((await ann.runModel(3)).structured.state).toBe('succeeded');
  });

  test('drains: finishes what it runs, takes nothing new, ends, and leaves nothing', async () => {
    const written = await ann.call('write_files', {
      project: ann.project,
      files: [{ path: 'model.py', content: 'import time\ntime.sleep(15)\nprint("late")\n' }],
      message: 'Sleep longer',
    });
    expect(written.error).toBeNull();
    const last = await ann.startModel(4);
    await expect.poll(() => ann.getRun(last)).toMatchObject({ state: 'running' });
    expect(await statusOf()).toMatchObject({ connected: true, runs: 1 });
    const exited = once(daemon as ChildProcess, 'exit');
    expect(JSON.parse((await onHost('drain', '--json')).stdout)).toMatchObject({ drained: false });
    const waiting = await ann.startModel(5);
    expect(await exited).toEqual([0, null]);
    expect((await ann.getRun(last)).state).toBe('succeeded');
    expect((await ann.getRun(waiting)).state).toBe('queued');
    expect(await remains(layout().stateDir)).toEqual([]);
    expect((await onHost('drain')).stderr).toContain('There is nothing to drain');
    await startDaemon();
    expect((await ann.getRun(waiting, 50)).state).toBe('succeeded');
    expect(JSON.parse((await onHost('drain', '--wait', '--json')).stdout)).toMatchObject({ drained: true });
    await startDaemon();
  });

  test('has a key that grew old exchanged by itself when it is welcomed', async () => {
    const file = join(layout().stateDir, 'executor.json');
    const old = JSON.parse(await readFile(file, 'utf8')) as Stored;
    await writeFile(file, JSON.stringify({ ...old, made_at: madeDaysAgo(310) }));
    expect(JSON.parse((await onHost('drain', '--wait', '--json')).stdout)).toMatchObject({ drained: true });
    await startDaemon();
    await expect.poll(statusOf).toMatchObject({ connected: true, key_days: 0, key_trouble: null });
    const fresh = JSON.parse(await readFile(file, 'utf8')) as Stored;
    expect(fresh).toMatchObject({
      executor: old.executor,
      private_key: expect.not.stringMatching(old.private_key),
    });
  });

  test('that is revoked is cut off, and can neither come back nor change its key', async () => {
    const { executor } = await statusOf();
    await operatorOf(stack).revoke(String(executor));
    await expect.poll(statusOf).toMatchObject({ connected: false });
    const { code, stderr } = await onHost('rotate-key');
    expect([code, stderr]).toEqual([1, expect.stringContaining('It was revoked')]);
    const { executors } = await operatorOf(stack).look(PLATFORM_POOL);
    expect(executors).toEqual([]);
    const [event] = await queryAs(
      stack.superuserUrl,
      `select count(*)::int as count from app.platform_events where action = 'executor.rotate_key'`,
      [],
    );
    expect(event?.count).toBe(2);
  });

  test.each<[string, (file: string) => Promise<unknown>, RegExp]>([
    [
      'its key is overdue',
      async (file) => {
        const stored = JSON.parse(await readFile(file, 'utf8')) as Stored;
        await writeFile(file, JSON.stringify({ ...stored, made_at: madeDaysAgo(401) }));
      },
      /is 401 days old, and overdue after 400: run causeway-executor rotate-key/,
    ],
    ['others may read its key', (file) => chmod(file, 0o640), /can be read by others \(mode 0640\)/],
    [
      'its key is a link',
      async (file) => {
        await rename(file, `${file}.away`);
        await symlink(`${file}.away`, file);
      },
      /is a symbolic link/,
    ],
  ])('refuses to serve where %s', async (_what, spoil, says) => {
    if (daemon?.exitCode === null) {
      daemon.kill('SIGTERM');
      await once(daemon, 'exit');
    }
    await spoil(join(layout().stateDir, 'executor.json'));
    const [program = '', ...args] = serve;
    const spoilt = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = text(spoilt.stderr);
    expect(await once(spoilt, 'exit')).toEqual([1, null]);
    expect(await said).toMatch(says);
    await chmod(join(layout().stateDir, 'executor.json'), 0o600);
  });
});
