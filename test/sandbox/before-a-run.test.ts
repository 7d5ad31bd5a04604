import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from '../../bench/measure/process-tree.ts';
import type { Go } from '../../executor/sandbox/engine.ts';
import { WARM_SPEC } from '../../executor/sandbox-plan.ts';
import { type SandboxHost, startSandboxHost } from '../support/sandbox-host.ts';

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}

/** The lists of processes of a sandbox's cgroups, where it has some. */
function cgroupsOf({ stateDir }: SandboxHost, id: string): string[] {
  const dirs = JSON.parse(readFileSync(join(stateDir, 'sandboxes', id, 'cgroups.json'), 'utf8')) as string[];
  return globSync(dirs.map((dir) => join(dir, '**', 'cgroup.procs'))).filter(
    (procs) => readFileSync(procs, 'utf8') !== '',
  );
}

describe('before a run begins', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await startSandboxHost({ warm: 1 });
  });
  afterAll(() => host.stop());

  it('a sandbox that dies before its run begins costs another try, and no outcome', async () => {
    const grant = host.peer.grant(Buffer.from('day,revenue\n2024-01-01,5\n'));
    const data = [{ name: 'sales', format: 'csv' as const, sha256: grant.sha256, bytes: grant.bytes }];
    const run = () => host.run({ code: 'print("began")', data, blobs: [grant] });
    const { lend } = host.cache;
    const killing: typeof lend = async (key, path) => {
      const id = path
        .split('/')
        .find((part) => part.startsWith('causeway-') && path.includes(`sandboxes/${part}/`));
      const parts = () => descendantsOf(process.pid).filter((pid) => commandOf(pid).includes(`${id}`));
      for (const pid of parts()) process.kill(pid, 'SIGKILL');
      await expect.poll(() => parts()).toEqual([]);
      return lend(key, path);
    };
    Object.assign(host.cache, { lend: killing });
    await expect(run()).rejects.toThrow('"code":"no_sandbox","reason":"its sandbox ended before it began"');
    Object.assign(host.cache, { lend });
    expect((await run()).stdout).toBe('began\n');
  });

  it('one that ends with its order taken and no line of the program run costs another try as well', async () => {
    const { claim } = host.pool;
    const failing: typeof claim = async (...wished) => {
      const claimed = await claim(...wished);
      if (!claimed.ok) throw new Error(claimed.reason);
      const { sandbox } = claimed.claimed;
      const { go } = sandbox;
      // Python refuses the name, before anything of the program is read.
      const environment = { 'no\0name': '' };
      Object.assign(sandbox, { go: (order: Go) => go({ ...order, environment }) });
      return claimed;
    };
    Object.assign(host.pool, { claim: failing });
    await expect(host.run({ code: 'print("began")' })).rejects.toThrow(
      '"code":"no_sandbox","reason":"its sandbox ended before the first line of the program"',
    );
    Object.assign(host.pool, { claim });
    expect((await host.run({ code: 'print("began")' })).stdout).toBe('began\n');
  });

  it('a run keeps its inputs where the disk needs room between their fetch and its start', async () => {
    const grant = host.peer.grant(Buffer.from('day,revenue\n2024-01-01,7\n'));
    const data = [{ name: 'sales', format: 'csv' as const, sha256: grant.sha256, bytes: grant.bytes }];
    const { lend, giveUp } = host.cache;
    const whereRoomIsMade: typeof lend = async (key, path) => {
      await giveUp(Number.POSITIVE_INFINITY);
      return lend(key, path);
    };
    Object.assign(host.cache, { lend: whereRoomIsMade });
    const { stdout } = await host.run({
      code: 'print(open("/data/sales/data.csv").read())',
      data,
      blobs: [grant],
    });
    Object.assign(host.cache, { lend });
    expect(stdout).toContain('2024-01-01,7');
  });

  it('a sandbox that met the OOM killer while it waited serves no run, which would be blamed for it', async () => {
    const started = await host.engine.start(WARM_SPEC).started;
    if (!started.ok) throw new Error(started.reason);
    const { sandbox } = started;
    const hog = 'for procs; do echo $$ >"$procs"; done; exec tail /dev/zero';
    const { signal } = spawnSync('sh', ['-c', hog, 'sh', ...cgroupsOf(host, sandbox.id)]);
    expect(signal).toBe('SIGKILL');
    await sandbox.claim(WARM_SPEC.limits);
    expect(sandbox.isOver).toBe(true);
    await sandbox.destroy();
  });
});
