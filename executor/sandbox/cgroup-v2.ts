import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  becomesFrozen,
  keyedNumber,
  killProcess,
  processIds,
  readControl,
  readNumber,
  removeGroup,
  sumOver,
  withBelow,
  writeControl,
} from './cgroup-files.ts';
import { BACKGROUND_SHARES, type CgroupGroup, CPU_PERIOD_US, RUN_SHARES } from './cgroup-group.ts';

const NEEDED = ['cpu', 'memory', 'pids'];
/** Where the executor itself goes: a group with controllers enabled below it may hold no process of its own. */
const SUPERVISOR = 'causeway-executor';

/** A weight of 100 is what 1024 shares are. */
const WEIGHT_PER_SHARE = 100 / 1024;

export type Prepared = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** Makes the executor's own cgroup able to hold bounded children (Linux Documentation/admin-guide/cgroup-v2). */
export function prepareV2(ownDir: string, needed: readonly string[] = NEEDED): Prepared {
  const available = (readControl(ownDir, 'cgroup.controllers') ?? '').split(' ');
  const missing = needed.filter((name) => !available.includes(name));
  if (missing.length > 0)
    return { ok: false, reason: `cgroup v2 does not offer ${missing.join(', ')} here.` };
  const enabled = (readControl(ownDir, 'cgroup.subtree_control') ?? '').split(' ');
  if (needed.every((name) => enabled.includes(name))) return { ok: true };
  try {
    const isRoot = readControl(ownDir, 'cgroup.type') === null;
    if (!isRoot) {
      const supervisor = join(ownDir, SUPERVISOR);
      mkdirSync(supervisor, { recursive: true });
      for (const pid of processIds(ownDir)) writeControl(supervisor, 'cgroup.procs', pid);
    }
    writeControl(ownDir, 'cgroup.subtree_control', needed.map((name) => `+${name}`).join(' '));
    return { ok: true };
  } catch (error) {
    return { ok: false, reason: `cgroup v2 is not delegated to the executor (${(error as Error).message}).` };
  }
}

/** One sandbox's group in the unified hierarchy. */
export function v2Group(
  ownDir: string,
  name: string,
  make: boolean,
  tasksMax: (processesMax: number) => number,
): CgroupGroup {
  const dir = join(ownDir, name);
  if (make) {
    const parent = join(dir, '..');
    mkdirSync(parent, { recursive: true });
    writeControl(parent, 'cgroup.subtree_control', NEEDED.map((controller) => `+${controller}`).join(' '));
    mkdirSync(dir, { recursive: true });
    // One kill by the kernel ends the whole sandbox, so that no half of it goes on.
    writeControl(dir, 'memory.oom.group', 1);
  }
  const processes = () => withBelow(dir).flatMap(processIds);

  return {
    dirs: [dir],
    setLimits(limits) {
      writeControl(dir, 'memory.max', limits.memoryBytes);
      if (readControl(dir, 'memory.swap.max') !== null) writeControl(dir, 'memory.swap.max', 0);
      writeControl(dir, 'cpu.max', `${Math.round(limits.cpuCores * CPU_PERIOD_US)} ${CPU_PERIOD_US}`);
      writeControl(dir, 'pids.max', tasksMax(limits.processesMax));
    },
    setPriority(priority) {
      const shares = priority === 'run' ? RUN_SHARES : BACKGROUND_SHARES;
      writeControl(dir, 'cpu.weight', Math.max(1, Math.round(shares * WEIGHT_PER_SHARE)));
    },
    async freeze() {
      if (readControl(dir, 'cgroup.freeze') === null) return processes().length === 0;
      writeControl(dir, 'cgroup.freeze', 1);
      return becomesFrozen(() => keyedNumber(readControl(dir, 'cgroup.events'), 'frozen') === 1);
    },
    kill() {
      if (readControl(dir, 'cgroup.procs') === null) return;
      try {
        writeControl(dir, 'cgroup.kill', 1);
      } catch {
        // Kernels before 5.14 have no cgroup.kill.
        for (const pid of processes()) killProcess(pid);
        writeControl(dir, 'cgroup.freeze', 0);
      }
    },
    processes,
    facts() {
      const cpuUs = keyedNumber(readControl(dir, 'cpu.stat'), 'usage_usec');
      const memoryEvents = readControl(dir, 'memory.events');
      return {
        tasks: readNumber(dir, 'pids.current') ?? 0,
        cpuMs: cpuUs === null ? null : cpuUs / 1e3,
        metMemoryLimit: (keyedNumber(memoryEvents, 'max') ?? 0) > 0,
        oomKills: keyedNumber(memoryEvents, 'oom_kill') ?? 0,
        // Before Linux 6.11 a refusal was counted where the fork was tried, which is below for some engines.
        forksRefused: sumOver(withBelow(dir), (each) => keyedNumber(readControl(each, 'pids.events'), 'max')),
        memoryPeakBytes: readNumber(dir, 'memory.peak'),
      };
    },
    remove: () => removeGroup(dir),
  };
}
