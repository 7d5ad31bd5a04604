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
import {
  BACKGROUND_SHARES,
  type CgroupGroup,
  CPU_PERIOD_US,
  type Hierarchy,
  RUN_SHARES,
} from './cgroup-group.ts';

/** Those that we set; the engine joins a group that it finds, and makes the others (cpuset, devices, ...) itself. */
const OURS = ['memory', 'cpu', 'cpuacct', 'pids', 'freezer'];

/**
 * One sandbox's groups in the hierarchies of cgroup v1 (Linux Documentation/admin-guide/cgroup-v1). One of version 2 beside
 * them bounds nothing, but an engine may have made groups in it.
 */
export function v1Group(
  hierarchies: readonly Hierarchy[],
  name: string,
  make: boolean,
  tasksMax: (processesMax: number) => number,
): CgroupGroup {
  const dirOf = (controller: string) => {
    const hierarchy = hierarchies.find((each) => each.controllers.includes(controller));
    if (hierarchy === undefined) throw new Error(`no cgroup v1 hierarchy has ${controller}`);
    return join(hierarchy.dir, name);
  };
  const memory = dirOf('memory');
  const cpu = dirOf('cpu');
  const freezer = dirOf('freezer');
  const pids = dirOf('pids');
  const cpuacct = dirOf('cpuacct');
  if (make) for (const controller of OURS) mkdirSync(dirOf(controller), { recursive: true });

  /** Memory and memory with swap are one limit, so nothing is swapped; their order depends on the direction. */
  const setMemory = (bytes: number) => {
    const swapAccounted = readControl(memory, 'memory.memsw.limit_in_bytes') !== null;
    const raising = bytes > (readNumber(memory, 'memory.limit_in_bytes') ?? 0);
    const files = ['memory.limit_in_bytes', ...(swapAccounted ? ['memory.memsw.limit_in_bytes'] : [])];
    for (const file of raising ? files.reverse() : files) writeControl(memory, file, bytes);
    if (!swapAccounted) writeControl(memory, 'memory.swappiness', 0);
  };

  const processes = () => withBelow(memory).flatMap(processIds);

  const dirs = hierarchies.map((hierarchy) => join(hierarchy.dir, name));
  return {
    dirs,
    setLimits(limits) {
      setMemory(limits.memoryBytes);
      writeControl(cpu, 'cpu.cfs_period_us', CPU_PERIOD_US);
      writeControl(cpu, 'cpu.cfs_quota_us', Math.round(limits.cpuCores * CPU_PERIOD_US));
      writeControl(pids, 'pids.max', tasksMax(limits.processesMax));
    },
    setPriority(priority) {
      writeControl(cpu, 'cpu.shares', priority === 'run' ? RUN_SHARES : BACKGROUND_SHARES);
    },
    async freeze() {
      if (readControl(freezer, 'freezer.state') === null) return processes().length === 0;
      writeControl(freezer, 'freezer.state', 'FROZEN');
      return becomesFrozen(() => readControl(freezer, 'freezer.state') === 'FROZEN');
    },
    kill() {
      for (const pid of processes()) killProcess(pid);
      // A frozen process dies only when it is thawed, and then before it runs an instruction of its own.
      if (readControl(freezer, 'freezer.state') !== null) writeControl(freezer, 'freezer.state', 'THAWED');
    },
    processes,
    facts() {
      const cpuNs = readNumber(cpuacct, 'cpuacct.usage');
      const memoryPeakBytes = readNumber(memory, 'memory.max_usage_in_bytes');
      return {
        tasks: readNumber(pids, 'pids.current') ?? 0,
        cpuMs: cpuNs === null ? null : cpuNs / 1e6,
        // Both are counted in the group of whoever was killed or refused, which is below for some engines.
        oomKills: sumOver(withBelow(memory), (dir) =>
          keyedNumber(readControl(dir, 'memory.oom_control'), 'oom_kill'),
        ),
        // Not memory.failcnt: where swap is accounted, what is refused is counted there, and by Linux 6.18 nowhere.
        metMemoryLimit: (memoryPeakBytes ?? 0) >= (readNumber(memory, 'memory.limit_in_bytes') ?? Infinity),
        forksRefused: sumOver(withBelow(pids), (dir) => keyedNumber(readControl(dir, 'pids.events'), 'max')),
        memoryPeakBytes,
      };
    },
    remove() {
      for (const dir of dirs) removeGroup(dir);
    },
  };
}
