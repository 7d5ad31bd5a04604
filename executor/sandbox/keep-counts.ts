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
  /** What was used until now is not the run's that begins. */
  begin(): void;
  /** What the run used, by the last look at it. */
  used(last: CgroupFacts): Used;
}

/** Some engines remove a part of the group as soon as it is empty, and its counts with it: the highest seen are kept. */
export function keepCounts(group: Pick<CgroupGroup, 'facts' | 'use'>): Counts {
  let before = { cpuMs: 0, tasks: 0 };
  let tasksPeak = 0;
  let oomKills = 0;
  let forksRefused = 0;
  return {
    look() {
      const facts = group.facts();
      oomKills = Math.max(oomKills, facts.oomKills);
      forksRefused = Math.max(forksRefused, facts.forksRefused);
      tasksPeak = Math.max(tasksPeak, facts.tasks);
      return facts;
    },
    get oomKills() {
      return oomKills;
    },
    sawOomKill() {
      oomKills = Math.max(oomKills, 1);
    },
    begin() {
      const { cpuMs, tasks } = group.use();
      before = { cpuMs: cpuMs ?? 0, tasks };
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
