import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { ownHierarchies } from '../../../executor/sandbox/cgroup.ts';
import { leftGroup } from '../../../executor/sandbox/cgroup-files.ts';
import { hostTasksMax } from '../../../executor/sandbox/cgroup-group.ts';
import { v1Group } from '../../../executor/sandbox/cgroup-v1.ts';
import { prepareV2, v2Group } from '../../../executor/sandbox/cgroup-v2.ts';
import { mountPointsUnder } from '../../../executor/sandbox/mounts.ts';

const V1_MOUNTS = `30 25 0:26 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
31 30 0:27 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
32 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
33 30 0:29 /docker/abc /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
34 30 0:30 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

describe("the executor's own cgroups", () => {
  it('are found in a hybrid of both versions, through joined controllers and container roots', () => {
    const found = ownHierarchies(
      '9:memory:/job\n4:cpu,cpuacct:/\n3:pids:/docker/abc/x\n2:rdma:/\n0::/own\n',
      V1_MOUNTS,
    );
    expect(found).toEqual([
      { controllers: ['memory'], dir: '/sys/fs/cgroup/memory/job', version: 1 },
      { controllers: ['cpu', 'cpuacct'], dir: '/sys/fs/cgroup/cpu,cpuacct', version: 1 },
      { controllers: ['pids'], dir: '/sys/fs/cgroup/pids/x', version: 1 },
      { controllers: [], dir: '/sys/fs/cgroup/unified/own', version: 2 },
    ]);
  });

  it('are none where nothing is mounted', () => {
    expect(ownHierarchies('0::/\n', '')).toEqual([]);
  });

  it('leave gVisor room for its own threads beside those of the program', () => {
    expect(hostTasksMax(256)).toBeGreaterThan(512);
  });
});

describe('cgroup v2, as far as plain files can stand for it', () => {
  let dir: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'causeway-cgroup-'));
    writeFileSync(join(dir, 'cgroup.controllers'), 'cpuset cpu io memory pids\n');
    writeFileSync(join(dir, 'cgroup.type'), 'domain\n');
    writeFileSync(join(dir, 'cgroup.procs'), '');
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const control = (...path: string[]) => readFileSync(join(dir, ...path), 'utf8');

  it('enables what is needed below the executor, or says what is not delegated', () => {
    expect(prepareV2(dir)).toEqual({ ok: true });
    expect(control('cgroup.subtree_control')).toBe('+cpu +memory +pids');
    writeFileSync(join(dir, 'cgroup.controllers'), 'cpu\n');
    expect(prepareV2(dir)).toEqual({ ok: false, reason: 'cgroup v2 does not offer memory, pids here.' });
  });

  it('writes the limits in its own spelling', () => {
    mkdirSync(join(dir, 'causeway-x', 'one'), { recursive: true });
    writeFileSync(join(dir, 'causeway-x', 'one', 'memory.swap.max'), 'max');
    const group = v2Group(dir, 'causeway-x/one', true, hostTasksMax);
    group.setLimits({ memoryBytes: 1024, processesMax: 10, cpuCores: 0.5 });
    group.setPriority('background');
    expect(control('causeway-x', 'cgroup.subtree_control')).toBe('+cpu +memory +pids');
    expect(control('causeway-x', 'one', 'memory.max')).toBe('1024');
    expect(control('causeway-x', 'one', 'memory.swap.max')).toBe('0');
    expect(control('causeway-x', 'one', 'memory.oom.group')).toBe('1');
    expect(control('causeway-x', 'one', 'cpu.max')).toBe('50000 100000');
    expect(control('causeway-x', 'one', 'cpu.weight')).toBe('6');
  });

  it('reads its facts', () => {
    const group = v2Group(dir, 'causeway-x/one', true, hostTasksMax);
    const own = join(dir, 'causeway-x', 'one');
    writeFileSync(join(own, 'memory.events'), 'low 0\nmax 4\noom 2\noom_kill 1\n');
    writeFileSync(join(own, 'pids.events'), 'max 3\n');
    writeFileSync(join(own, 'pids.current'), '7\n');
    writeFileSync(join(own, 'cpu.stat'), 'usage_usec 2500\nuser_usec 1\n');
    writeFileSync(join(own, 'memory.peak'), '4096\n');
    expect(group.facts()).toEqual({
      oomKills: 1,
      metMemoryLimit: true,
      forksRefused: 3,
      tasks: 7,
      cpuMs: 2.5,
      memoryPeakBytes: 4096,
    });
  });
});

describe('cgroup v2 for real, as far as a kernel offers it whose controllers are those of v1', () => {
  const unified = ownHierarchies(
    readFileSync('/proc/self/cgroup', 'utf8'),
    readFileSync('/proc/self/mountinfo', 'utf8'),
  ).find(({ version }) => version === 2);

  it('hands controllers on from a group that holds processes, which move below, and then takes none itself', async () => {
    if (unified === undefined) throw new Error('this host has no cgroup2 mounted');
    const offered = readFileSync(join(unified.dir, 'cgroup.controllers'), 'utf8').trim().split(' ');
    const handedOn = join(unified.dir, 'cgroup.subtree_control');
    // Any controller shows the rule; those that runs need belong to version 1 here.
    const needed = offered.slice(0, 1);
    if (!readFileSync(handedOn, 'utf8').includes(`${needed}`)) {
      writeFileSync(handedOn, `+${needed}`);
      onTestFinished(() => writeFileSync(handedOn, `-${needed}`));
    }
    const own = join(unified.dir, `causeway-prepared-${process.pid}`);
    mkdirSync(own);
    const idle = spawn('sleep', ['infinity']);
    onTestFinished(async () => {
      idle.kill('SIGKILL');
      const group = leftGroup([own]);
      await expect.poll(() => group.processes()).toEqual([]);
      group.remove();
      expect(existsSync(own)).toBe(false);
    });
    const inside = (dir: string) => readFileSync(join(dir, 'cgroup.procs'), 'utf8').trim();
    writeFileSync(join(own, 'cgroup.procs'), `${idle.pid}`);
    expect(prepareV2(own, needed)).toEqual({ ok: true });
    expect([inside(own), inside(join(own, 'causeway-executor'))]).toEqual(['', `${idle.pid}`]);
    const sandbox = join(own, 'sandbox');
    mkdirSync(sandbox);
    expect(readFileSync(join(sandbox, 'cgroup.controllers'), 'utf8').trim()).toBe(`${needed}`);
    expect(() => writeFileSync(join(own, 'cgroup.procs'), `${idle.pid}`)).toThrow(/EBUSY/);
  });

  it('freezes a process, kills it frozen, and lets its group be removed then and not before', async () => {
    if (unified === undefined) throw new Error('this host has no cgroup2 mounted');
    const name = `causeway-test-${process.pid}/one`;
    const dir = join(unified.dir, name);
    mkdirSync(dir, { recursive: true });
    const group = v2Group(unified.dir, name, false, hostTasksMax);
    const busy = spawn(process.execPath, ['-e', 'setInterval(() => process.stdout.write("."), 1)']);
    const ended = once(busy, 'exit');
    await once(busy.stdout, 'data');
    writeFileSync(join(dir, 'cgroup.procs'), `${busy.pid}`);
    expect(group.processes()).toEqual([busy.pid]);
    expect(await group.freeze()).toBe(true);
    busy.kill('SIGTERM');
    expect(group.processes()).toEqual([busy.pid]);
    expect(() => group.remove()).toThrow(/EBUSY/);
    group.kill();
    expect(await ended).toEqual([null, 'SIGKILL']);
    await expect.poll(() => group.processes()).toEqual([]);
    group.remove();
    expect(existsSync(dir)).toBe(false);
  });
});

const hierarchies = ownHierarchies(
  readFileSync('/proc/self/cgroup', 'utf8'),
  readFileSync('/proc/self/mountinfo', 'utf8'),
).filter(({ version }) => version === 1);

// A skipped test counts as failed, and a host with version 2 alone lacks nothing.
if (hierarchies.length > 0)
  describe('cgroup v1 for real', () => {
    const MEMORY_BYTES = 64 << 20;

    it.each([
      ['met its limit, also when the engine removed the part that counted the kill', 2 * MEMORY_BYTES, true],
      ['was far from its limit when its program was killed by somebody else', 1 << 20, false],
    ])('tells that it %s', async (_, bytes, expected) => {
      const group = v1Group(hierarchies, `causeway-test-${process.pid}`, true, hostTasksMax);
      onTestFinished(() => group.remove());
      group.setLimits({ memoryBytes: MEMORY_BYTES, processesMax: 64, cpuCores: 1 });
      const below = group.dirs.filter(existsSync).map((dir) => join(dir, 'container'));
      for (const dir of below) mkdirSync(dir);
      const joining = below.map((dir) => `echo $$ > ${dir}/cgroup.procs`).join(' && ');
      const python = `held = bytes(b'x') * ${bytes}; import os; os.kill(os.getpid(), 9)`;
      const program = spawn('sh', ['-c', `${joining} && exec python3 -c "${python}"`]);
      expect(await once(program, 'exit')).toEqual([null, 'SIGKILL']);
      for (const dir of below) rmdirSync(dir);
      expect(group.facts()).toMatchObject({ oomKills: 0, metMemoryLimit: expected });
    });
  });

describe('mount points', () => {
  it('below a folder are found deepest first, with their escapes read, and no neighbour', () => {
    const line = (point: string) => `1 2 0:1 / ${point} rw - tmpfs causeway rw`;
    const mountinfo = ['/s/a', '/s/a/tmp', '/s/ab', '/s/a/out\\040puts', '/'].map(line).join('\n');
    expect(mountPointsUnder(mountinfo, '/s/a')).toEqual(['/s/a/out puts', '/s/a/tmp', '/s/a']);
  });
});
