import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type ExecutorProcess,
  makeStateDir,
  membersOf,
  otherCgroup,
  processesOf,
  remains,
  removeStateDir,
  startExecutorProcess,
} from '../support/executor-process.ts';
import { makeJob } from '../support/make-job.ts';
import { type PoolPeer, startPoolPeer } from '../support/pool-peer.ts';
import { CACHE_DIR } from '../support/sandbox-host.ts';

describe('the process of an executor', () => {
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

  const start = async () => {
    const executor = await startExecutorProcess(peer, stateDir);
    started.push(executor);
    return executor;
  };
  const startEndlessRun = async (executor: ExecutorProcess) => {
    peer.send(makeJob({ code: 'while True: pass', image: executor.ready.image as `sha256:${string}` }));
    await peer.next('started');
    expect(await remains(stateDir)).not.toEqual([]);
  };

  it.each(['SIGTERM', 'SIGINT', 'the end of its stdin'])(
    'on %s ends in the middle of a run and leaves no process, mount, cgroup or folder',
    async (how) => {
      const executor = await start();
      await startEndlessRun(executor);
      if (how === 'the end of its stdin') executor.child.stdin?.end();
      else executor.child.kill(how as NodeJS.Signals);
      expect(await executor.exited).toEqual({ code: 0, signal: null });
      expect(await remains(stateDir)).toEqual([]);
    },
  );

  it('on SIGTERM to its whole process group says nothing of the run, so that it is tried again', async () => {
    const executor = await start();
    await startEndlessRun(executor);
    const group = executor.child.pid;
    if (group === undefined) throw new Error('the executor has no process id');
    expect(await membersOf(group)).toEqual([group]);
    process.kill(-group, 'SIGTERM');
    expect(await executor.exited).toEqual({ code: 0, signal: null });
    expect(peer.received.map(({ type }) => type)).not.toContain('outcome');
    expect(executor.stderr()).not.toMatch(/run ended|sandbox ended|a release failed/);
    expect(await remains(stateDir)).toEqual([]);
  });

  it('killed in the middle of a run, takes its processes with it; its next start sweeps the rest', async () => {
    const elsewhere = otherCgroup();
    elsewhere.enter();
    const first = await start().finally(elsewhere.leave);
    await startEndlessRun(first);
    await expect(startExecutorProcess(peer, stateDir)).rejects.toThrow('Give this one a --state of its own.');
    first.child.kill('SIGKILL');
    await first.exited;
    await expect.poll(() => processesOf(stateDir)).toEqual([]);
    expect(await remains(stateDir)).not.toEqual([]);
    const second = await start();
    expect(second.stderr()).toContain('swept what a predecessor left');
    expect(second.ready.executor).toBe(first.ready.executor);
    second.child.kill('SIGTERM');
    await second.exited;
    expect(await remains(stateDir)).toEqual([]);
    elsewhere.remove();
  });

  it('--sweep removes what a killed executor left, and starts nothing', async () => {
    const killed = await start();
    await startEndlessRun(killed);
    killed.child.kill('SIGKILL');
    await killed.exited;
    const sweep = spawn(process.execPath, [
      'executor/main.ts',
      '--sweep',
      '--state',
      stateDir,
      '--cache',
      CACHE_DIR,
    ]);
    expect(await once(sweep, 'exit')).toEqual([0, null]);
    expect(await remains(stateDir)).toEqual([]);
  });

  it('refuses a used join token with the remedy, and leaves nothing', async () => {
    await start();
    const other = await makeStateDir();
    await expect(startExecutorProcess(peer, other)).rejects.toThrow('make a new one');
    expect(await remains(other)).toEqual([]);
    await removeStateDir(other);
  });

  it('refuses to run as an ordinary user, because nothing would bound a run', async () => {
    const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups', process.execPath];
    const args = ['executor/main.ts', '--self-test', '--state', '/tmp/causeway-nobody', '--cache', CACHE_DIR];
    const child = spawn('setpriv', [...asNobody, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    const said = text(child.stderr);
    const [code] = (await once(child, 'exit')) as [number];
    expect(code).toBe(1);
    expect(await said).toContain('has to run as root');
    await removeStateDir('/tmp/causeway-nobody');
  });

  it('--self-test --json prints what the hostile probe met', async () => {
    const args = ['executor/main.ts', '--self-test', '--json', '--state', stateDir, '--cache', CACHE_DIR];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'ignore'] });
    const report = JSON.parse(await text(child.stdout)) as {
      ok: boolean;
      checks: { name: string; ok: boolean }[];
      engines: { engine: string }[];
    };
    expect(report.ok).toBe(true);
    expect(report.engines.map(({ engine }) => engine)).toEqual(['gvisor', 'docker-runsc', 'docker-runc']);
    expect(report.checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['DNS', 'memory', 'processes', 'CapEff', 'user namespace by clone3']),
    );
    expect(await remains(stateDir)).toEqual([]);
  });
});
