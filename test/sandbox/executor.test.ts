import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ExecutorProcess,
  makeStateDir,
  remains,
  removeStateDir,
  startExecutorProcess,
} from '../support/executor-process.ts';
import { makeJob } from '../support/make-job.ts';
import { type PoolPeer, startPoolPeer } from '../support/pool-peer.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';

const ENDLESS = 'print("running", flush=True)\nwhile True: pass\n';

describe('an executor process', () => {
  let peer: PoolPeer;
  let stateDir: string;
  let started: ExecutorProcess[];
  beforeEach(async () => {
    peer = await startPoolPeer();
    stateDir = await makeStateDir();
    started = [];
  });
  afterEach(async () => {
    for (const { child, exited } of started) {
      child.kill('SIGTERM');
      await exited;
    }
    await peer.stop();
    await removeStateDir(stateDir);
  });

  const start = async (...args: string[]) => {
    const executor = await startExecutorProcess(peer, stateDir, ...args);
    started.push(executor);
    return executor;
  };
  const job = (executor: ExecutorProcess, code: string, wallMs = 60_000) =>
    makeJob({ code, image: executor.ready.image as `sha256:${string}`, limits: { wall_ms: wallMs } });

  it('registers once, proves itself by signature, offers its image, and runs a job', async () => {
    const executor = await start();
    const hello = await peer.next('hello');
    expect(hello.offer).toMatchObject({ engine: 'gvisor', slots: 1, absent: [] });
    expect(hello.offer.packages).toContainEqual({ name: 'pandas', version: expect.any(String) });
    const sent = job(executor, 'print("hello")');
    peer.send(sent);
    const { outcome } = await peer.next('outcome');
    expect(outcome).toMatchObject({
      state: 'succeeded',
      stdout: { inline: 'hello\n' },
      sandbox: { engine: 'gvisor' },
    });
    expect((await stat(join(stateDir, 'executor.json'))).mode & 0o777).toBe(0o600);
    expect(peer.requests.filter((each) => each.includes('register'))).toHaveLength(1);
  });

  it.each(['SIGTERM', 'SIGINT', 'the end of its stdin'])(
    'on %s it leaves nothing behind, also in the middle of a run',
    async (how) => {
      const executor = await start();
      peer.send(job(executor, ENDLESS));
      await peer.next('started');
      expect(await remains(stateDir)).not.toEqual([]);
      if (how === 'the end of its stdin') executor.child.stdin?.end();
      else executor.child.kill(how as NodeJS.Signals);
      expect(await executor.exited).toEqual({ code: 0, signal: null });
      expect(await remains(stateDir)).toEqual([]);
    },
  );

  it('killed in the middle of a run, it leaves what its next start sweeps', async () => {
    const first = await start();
    peer.send(job(first, ENDLESS));
    await peer.next('started');
    first.child.kill('SIGKILL');
    await first.exited;
    expect(await remains(stateDir)).not.toEqual([]);
    const second = await start();
    expect(second.stderr()).toContain('swept what a predecessor left');
    expect(second.ready.executor).toBe(first.ready.executor);
    second.child.kill('SIGTERM');
    await second.exited;
    expect(await remains(stateDir)).toEqual([]);
  });

  it('a cancelled endless run ends as cancelled with what it had printed', async () => {
    const executor = await start();
    const sent = job(executor, ENDLESS);
    peer.send(sent);
    await peer.next('started');
    await expect.poll(() => peer.feeds.get(sent.run)?.length ?? 0).toBeGreaterThan(0);
    peer.send({ type: 'cancel', run: sent.run, fence: sent.fence });
    const { outcome } = await peer.next('outcome');
    expect(outcome).toMatchObject({
      state: 'cancelled',
      exit_code: null,
      limit: null,
      stdout: { inline: 'running\n' },
    });
  });

  it('a run that ends while the connection is cut is reported once the connection is back', async () => {
    const executor = await start();
    const sent = job(
      executor,
      'import os, time\nwhile not os.path.exists("/outputs/never"):\n    time.sleep(0.3)\n    break\nprint("done")',
    );
    peer.send(sent);
    await peer.next('started');
    peer.goAway();
    peer.returnToService();
    const { outcome, fence } = await peer.next('outcome');
    expect({ state: outcome.state, fence }).toEqual({ state: 'succeeded', fence: 1 });
    expect(peer.connections).toBe(2);
  });

  it('an outcome that was not recorded is held, announced and sent again', async () => {
    const executor = await start();
    peer.recordsOutcomes = false;
    const sent = job(executor, 'print(1)');
    peer.send(sent);
    await peer.next('outcome');
    peer.recordsOutcomes = true;
    const before = peer.received.length;
    peer.cut();
    await expect
      .poll(() => peer.received.slice(before).map((message) => message.type), { timeout: 10_000 })
      .toEqual(expect.arrayContaining(['hello', 'outcome']));
    const hello = peer.received.slice(before).find((message) => message.type === 'hello');
    expect(hello).toMatchObject({ holding: [{ run: sent.run, fence: 1 }] });
  });

  it('a job for another image is refused, not run', async () => {
    const executor = await start();
    const sent = makeJob({ code: 'print(1)', image: `sha256:${'0'.repeat(64)}` });
    peer.send(sent);
    expect(await peer.next('refused')).toMatchObject({
      run: sent.run,
      reason: 'the run is pinned to another image',
    });
    expect(executor.stderr()).not.toContain('uncaught');
  });

  it('with a clock that is 10 minutes off it learns the time of the pool and connects', async () => {
    peer.clockOffsetSeconds = 600;
    await start();
    expect(peer.connections).toBe(1);
    expect(peer.requests.filter((each) => each === 'UPGRADE /executor/connect')).toHaveLength(2);
  });

  it('a second executor on the same state folder is refused with the remedy', async () => {
    await start();
    await expect(startExecutorProcess(peer, stateDir)).rejects.toThrow('Give this one a --state of its own.');
  });

  it('a used join token is refused with the remedy', async () => {
    await start();
    const other = await makeStateDir();
    await expect(startExecutorProcess(peer, other)).rejects.toThrow('make a new one');
    expect(await remains(other)).toEqual([]);
    await removeStateDir(other);
  });

  it('as an ordinary user it refuses, because nothing would bound a run', async () => {
    const child = spawn(
      'setpriv',
      [
        '--reuid=65534',
        '--regid=65534',
        '--clear-groups',
        process.execPath,
        'executor/main.ts',
        '--self-test',
        '--state',
        '/tmp/causeway-nobody',
        '--cache',
        CACHE_DIR,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const said = text(child.stderr);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(await said).toContain('has to run as root');
    await removeStateDir('/tmp/causeway-nobody');
  });

  it('--self-test --json prints what the hostile probe met', async () => {
    const child = spawn(
      process.execPath,
      ['executor/main.ts', '--self-test', '--json', '--state', stateDir, '--cache', CACHE_DIR],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    const report = JSON.parse(await text(child.stdout)) as {
      ok: boolean;
      checks: { name: string; ok: boolean }[];
    };
    expect(report.ok).toBe(true);
    expect(report.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['DNS', 'memory', 'processes', 'CapEff', 'user namespace by clone3']),
    );
  });
});
