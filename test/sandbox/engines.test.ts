import { readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import { stateTag } from '../../executor/hold-state.ts';
import { importImage } from '../../executor/import-image.ts';
import { probe } from '../../executor/probe.ts';
import { findCgroups } from '../../executor/sandbox/cgroup.ts';
import type { CgroupGroup } from '../../executor/sandbox/cgroup-group.ts';
import { dockerDriver } from '../../executor/sandbox/docker.ts';
import { dockerApi } from '../../executor/sandbox/docker-api.ts';
import { drive } from '../../executor/sandbox/drive.ts';
import type { ContainerExit, Driver } from '../../executor/sandbox/driver.ts';
import { mountPointsUnder } from '../../executor/sandbox/mounts.ts';
import { WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { ensureImage } from '../../infra/sandbox-image/ensure-image.ts';
import { attack } from '../support/attack-files.ts';
import { containersOf, ENGINES } from '../support/engines.ts';
import { makeStateDir, remains, removeStateDir } from '../support/executor-process.ts';
import { CACHE_DIR, type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

const MIB = 1024 * 1024;
/** Later than all that is looked up at the end of a run, and well within the wait for it. */
const WORD_LATE_MS = 300;
const COLD = { ...WARM_SPEC, imports: [], priority: 'run' } as const;

/** Lines of mountinfo of the mounts below a folder, each with the id that it has from its mount to its end. */
async function mountsUnder(dir: string): Promise<string[]> {
  const mountinfo = await readFile('/proc/self/mountinfo', 'utf8');
  const points = mountPointsUnder(mountinfo, dir);
  return mountinfo.split('\n').filter((line) => points.includes(line.split(' ')[4] ?? ''));
}

describe.each(ENGINES)('under %s', (engine) => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 1, engine });
  });
  afterAll(() => host.stop());

  it('the hostile probe finds no way out', async () => {
    const report = await probe(host.engine, host.imageEnvironment);
    expect(report.checks.filter(({ ok }) => !ok)).toEqual([]);
    expect(report.checks.map(({ name }) => name)).toContain('/outputs is bounded');
  });

  it('a warm sandbox serves one run, with inputs, progress and outputs, in the limits it asks for', async () => {
    await expect.poll(() => host.pool.ready).toBe(1);
    const finished = await host.run({
      code: `import causeway, json, os, sys
size = os.statvfs("/outputs")
causeway.progress(1, 2, "half")
open("/outputs/a.txt", "w").write("a" * 10)
print("pandas" in sys.modules, json.load(open("/inputs/parameters.json")), size.f_blocks * size.f_frsize)
print("to stderr", file=sys.stderr)
print(repr(sys.stdin.read()))
causeway.progress(2, 2, "whole")
import time; time.sleep(0.3)`,
      parameters: { scale: 10 },
      limits: { outputs_bytes: 8 * MIB },
    });
    expect(finished.outcome).toMatchObject({
      state: 'succeeded',
      sandbox: { engine, warm: true },
    });
    expect(finished.stdout).toBe(`True {'scale': 10} ${8 * MIB}\n''\n`);
    expect(finished.stderr).toBe('to stderr\n');
    expect(finished.output('a.txt').toString()).toBe('a'.repeat(10));
    expect(host.peer.feeds.get(finished.job.run)).toContainEqual(
      expect.objectContaining({ kind: 'progress', done: 2, total: 2, message: 'whole' }),
    );
  });

  it('an end without a word, by a signal or by memory is told as what it was', async () => {
    const [silent, killed, starved, child] = await Promise.all([
      host.run({ code: 'import os; os._exit(9)' }),
      host.run({ code: 'import ctypes; ctypes.string_at(0)' }),
      host.run({ ...attack('memory/memory_bomb'), limits: { memory_bytes: 160 * MIB } }),
      host.run({ ...attack('memory/memory_in_child'), limits: { memory_bytes: 160 * MIB } }),
    ]);
    expect(silent.outcome).toMatchObject({ state: 'failed', exit_code: 9 });
    expect(killed.outcome).toMatchObject({ state: 'failed', exit_code: 139 });
    expect(starved.outcome).toMatchObject({ state: 'out_of_memory', limit: { name: 'run_memory_bytes' } });
    expect(child.outcome).toMatchObject({ state: 'out_of_memory', limit: { name: 'run_memory_bytes' } });
  });

  it('the line where an endless loop stood is named', async () => {
    const loop = { ...attack('processes/endless_loop'), entry: 'forecast.py', limits: { wall_ms: 1000 } };
    // On a busy host its time may be over before it loops, or its answer come too late: then it is asked anew.
    const stopped = async () => (await host.run(loop)).outcome.message;
    await expect.poll(stopped).toMatch(/^Stopped after 1 s at line (7|8) of forecast\.py\.$/);
  });

  it('nothing of a run moves between its end and its removal, and a later mount is not its', async () => {
    const started = await host.engine.start(COLD).started;
    if (!started.ok) throw new Error(started.reason);
    const { sandbox } = started;
    onTestFinished(() => sandbox.destroy());
    const dir = join(host.stateDir, 'sandboxes', sandbox.id);
    const before = await mountsUnder(dir);
    await writeFile(join(sandbox.folders.repo, 'main.py'), attack('processes/double_fork').code);
    sandbox.stdout.resume();
    sandbox.go({ entry: 'main.py', environment: {}, seed: 0, memoryBytes: 2 ** 29, processesMax: 64 });
    await sandbox.ended;
    const alive = join(sandbox.folders.outputs, 'alive.txt');
    const sizes = new Set<number>();
    for (let times = 0; times < 500; times++) sizes.add((await readFile(alive)).length);
    const after = await mountsUnder(dir);
    await sandbox.destroy();
    expect(sizes.size).toBe(1);
    expect(after).toEqual(before);
  });

  it('leaves no container, process, mount, cgroup or folder', async () => {
    await host.pool.drain();
    expect(await containersOf(host.stateDir)).toEqual([]);
    expect(await remains(host.stateDir)).toEqual([]);
  });
});

describe('Docker', () => {
  it('whose runtime hangs at a start, is given up after a bound and leaves nothing', async () => {
    const { engine, stateDir } = await engineWith({ runtime: 'hanging', startTimeoutMs: 2_000 });
    const started = await engine.start(COLD).started;
    expect(started).toEqual({ ok: false, reason: 'the sandbox was not ready after 2 s' });
    expect(await containersOf(stateDir)).toEqual([]);
    expect(await remains(stateDir)).toEqual([]);
    await engine.close();
    await removeStateDir(stateDir);
  });

  it('whose word comes late is waited for: it alone may know that a sandbox died of its memory', async () => {
    const word = Promise.withResolvers<ContainerExit>();
    let group: CgroupGroup | undefined;
    const { engine, stateDir } = await engineWith({}, (driver) => ({
      ...driver,
      async launch(prepared, snapshot) {
        group = prepared.group;
        const container = await driver.launch(prepared, snapshot);
        return { ...container, exited: container.exited.then(() => word.promise) };
      },
    }));
    const started = await engine.start(COLD).started;
    if (!started.ok) throw new Error(started.reason);
    const { sandbox } = started;
    group?.kill();
    await expect.poll(() => group?.processes()).toEqual([]);
    sandbox.stop();
    setTimeout(() => word.resolve({ exitCode: 137, isOomKill: true }), WORD_LATE_MS);
    expect((await sandbox.ended).oomKills).toBe(1);
    await sandbox.destroy();
    await engine.close();
    await removeStateDir(stateDir);
  });

  it('gets all mounts, limits and pipes of a sandbox before its container', async () => {
    const seen: { mounts: string[]; memory: string[] } = { mounts: [], memory: [] };
    const { engine, stateDir } = await engineWith({}, (driver) => ({
      ...driver,
      async launch(prepared, snapshot) {
        seen.mounts = await mountsUnder(prepared.dir);
        seen.memory = await Promise.all(
          prepared.group.dirs.map((dir) =>
            readFile(join(dir, 'memory.limit_in_bytes'), 'utf8').catch(() =>
              readFile(join(dir, 'memory.max'), 'utf8').catch(() => ''),
            ),
          ),
        );
        return driver.launch(prepared, snapshot);
      },
    }));
    const started = await engine.start(COLD).started;
    if (!started.ok) throw new Error(started.reason);
    const dir = join(stateDir, 'sandboxes', started.sandbox.id);
    expect(seen.mounts).toHaveLength(2);
    expect(await mountsUnder(dir)).toEqual(seen.mounts);
    expect(seen.memory.join('').trim()).toBe(`${COLD.limits.memoryBytes}`);
    await started.sandbox.destroy();
    await engine.close();
    await removeStateDir(stateDir);
  });
});

/** An engine over runc, or over another runtime of the daemon. */
async function engineWith(
  parts: { readonly runtime?: string; readonly startTimeoutMs?: number },
  around: (driver: Driver) => Driver = (driver) => driver,
) {
  const stateDir = await makeStateDir();
  const api = dockerApi(inject('dockerSocket'), null);
  const found = findCgroups({ below: 'root', tasksMax: (processesMax) => processesMax });
  if (!found.ok) throw new Error(found.reason);
  const image = await importImage(api, await ensureImage({ stateDir: CACHE_DIR }), () => undefined);
  if (!image.ok) throw new Error(image.reason);
  const sandboxDir = join(import.meta.dirname, '..', '..', 'executor', 'sandbox');
  const texts = ['open_pipes.py', 'harness.py'].map((file) => readFile(join(sandboxDir, file), 'utf8'));
  const tag = stateTag(await realpath(stateDir));
  const driver = dockerDriver({
    name: 'docker-runc',
    version: 'under test',
    api,
    runtime: parts.runtime ?? 'runc',
    imageId: image.id,
    stateDir,
    executorTag: tag,
    python: '/usr/bin/python3',
    harness: (await Promise.all(texts)).join('\n'),
    imageEnvironment: {},
  });
  const place = { stateDir, cgroupPrefix: `causeway-${tag}`, cgroups: found.cgroups, log: () => undefined };
  return { engine: drive(around(driver), place, parts.startTimeoutMs), stateDir };
}
