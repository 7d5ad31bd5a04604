import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdState } from '../../executor/hold-state.ts';
import {
  childrenOf,
  type ExecutorProcess,
  frozenGroups,
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
import { imageArgs } from '../support/signed-image.ts';

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
    // What mounts and makes pipes for the next sandbox is in it for a moment.
    await expect.poll(() => membersOf(group)).toEqual([group]);
    process.kill(-group, 'SIGTERM');
    expect(await executor.exited).toEqual({ code: 0, signal: null });
    expect(peer.received.map(({ type }) => type)).not.toContain('outcome');
    expect(executor.stderr()).not.toMatch(/run ended|sandbox ended|a release failed/);
    expect(await remains(stateDir)).toEqual([]);
  });

  /** The process that sweeps after the executor's death, which would spoil a look at what is left. */
  const sweeperOf = async (executor: ExecutorProcess) => {
    const pids = await childrenOf(executor.child.pid ?? 0);
    const found = pids.find(({ command }) => command.includes('sweep-after-death.sh'));
    if (found === undefined) throw new Error('nobody would sweep after this executor');
    return found.pid;
  };

  it('killed in the middle of a run, leaves nothing: a process of its own sweeps after it', async () => {
    const killed = await start();
    await startEndlessRun(killed);
    killed.child.kill('SIGKILL');
    await killed.exited;
    await expect.poll(() => remains(stateDir)).toEqual([]);
  });

  it('killed with the process that would sweep, takes its processes with it; its next start sweeps the rest', async () => {
    const elsewhere = otherCgroup();
    elsewhere.enter();
    const first = await start().finally(elsewhere.leave);
    await startEndlessRun(first);
    await expect(startExecutorProcess(peer, stateDir)).rejects.toThrow('Give this one a --state of its own.');
    process.kill(await sweeperOf(first), 'SIGKILL');
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

  it('killed with that process while a run that is over stands frozen, leaves it to its next start, also one that then refuses to serve', async () => {
    const killed = await start();
    peer.unanswered.add('PUT');
    const code = 'open("/outputs/a.txt", "w").write("a")';
    peer.send(makeJob({ code, image: killed.ready.image as `sha256:${string}` }));
    await expect.poll(() => peer.requests).toContainEqual(expect.stringMatching(/^PUT /));
    expect(await frozenGroups(stateDir)).toHaveLength(1);
    process.kill(await sweeperOf(killed), 'SIGKILL');
    killed.child.kill('SIGKILL');
    await killed.exited;
    expect(await remains(stateDir)).not.toEqual([]);
    const unsigned = ['--image-signature', '/nowhere/image.sig'];
    await expect(startExecutorProcess(peer, stateDir, ...unsigned)).rejects.toThrow('image_unsigned');
    await expect.poll(() => remains(stateDir)).toEqual([]);
  });

  it('that starts while its predecessor is swept after, waits for that', async () => {
    const sweeping = await holdState(stateDir, 'sweep');
    if (!sweeping.ok) throw new Error(sweeping.reason);
    const starting = start();
    await expect.poll(() => readFile(join(stateDir, 'served-by'), 'utf8').catch(() => '')).not.toBe('');
    // Each of these takes as long as the one that waits would have taken.
    for (let times = 0; times < 5; times++) expect(await holdState(stateDir)).toMatchObject({ isHeld: true });
    expect(peer.requests).toEqual([]);
    sweeping.release();
    expect((await starting).ready.engine).toBe('gvisor');
  });

  it('--sweep removes what was left, with neither image nor key, and lets an executor that serves alone', async () => {
    const killed = await start();
    await startEndlessRun(killed);
    expect(await sweep()).toBe(0);
    expect(await remains(stateDir)).not.toEqual([]);
    process.kill(await sweeperOf(killed), 'SIGKILL');
    killed.child.kill('SIGKILL');
    await killed.exited;
    expect(await sweep()).toBe(0);
    // The runsc that started a sandbox stands outside of its cgroup, and ends by itself when that is gone.
    await expect.poll(() => remains(stateDir)).toEqual([]);
  });
  const sweep = async (): Promise<number> => {
    const child = spawn(process.execPath, ['executor/main.ts', '--sweep', '--state', stateDir], {
      stdio: 'ignore',
    });
    const [code] = (await once(child, 'exit')) as [number];
    return code;
  };

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
    const child = spawn(process.execPath, [...args, ...(await imageArgs(CACHE_DIR))], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
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
