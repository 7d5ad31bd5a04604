import type { CgroupFacts, CgroupGroup } from './cgroup-group.ts';
import type { EndFacts } from './engine.ts';

/** What a run used of its sandbox. */
export type Used = Pick<
  EndFacts,
  'oomKills' | 'forksRefused' | 'processesPeak' | 'cpuMs' | 'memoryPeakBytes'
>;

export interface Counts {
  look(): CgroupFacts;
  readonly oomKills: number;
  /** The engine knows of a kill that the group may have taken with it. */
  sawOomKill(): void;
  /** Looks once more: what was used until now is not the run's that begins. */
  begin(): CgroupFacts;
  /** What the run used, by the last look at it. */
  used(last: CgroupFacts): Used;
}

/** Some engines remove a part of the group as soon as it is empty, and its counts with it: the highest seen are kept. */
export function keepCounts(group: Pick<CgroupGroup, 'facts'>): Counts {
  let before = { cpuMs: 0, tasks: 0 };
  let tasksPeak = 0;
  let oomKills = 0;
  let forksRefused = 0;
  const look = (): CgroupFacts => {
    const facts = group.facts();
    oomKills = Math.max(oomKills, facts.oomKills);
    forksRefused = Math.max(forksRefused, facts.forksRefused);
    tasksPeak = Math.max(tasksPeak, facts.tasks);
    return facts;
  };
  return {
    look,
    get oomKills() {
      return oomKills;
    },
    sawOomKill() {
      oomKills = Math.max(oomKills, 1);
    },
    begin() {
      const facts = look();
      before = { cpuMs: facts.cpuMs ?? 0, tasks: facts.tasks };
      return facts;
    },
    used: ({ cpuMs, memoryPeakBytes }) => ({
      oomKills,
      forksRefused,
      processesPeak: Math.max(0, tasksPeak - before.tasks),
      cpuMs: cpuMs === null ? null : Math.max(0, cpuMs - before.cpuMs),
      memoryPeakBytes,
    }),
  };
}
