import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CgroupGroup, type Hierarchy, hostTasksMax } from './cgroup-group.ts';
import { v1Group } from './cgroup-v1.ts';
import { prepareV2, v2Group } from './cgroup-v2.ts';

export interface Cgroups {
  readonly version: 1 | 2;
  /** Makes the group; `name` is relative to where groups are looked for. */
  make(name: string): CgroupGroup;
  /** The group of that name before it is made. */
  at(name: string): CgroupGroup;
}

/**
 * This process's own cgroup in each hierarchy: pure reading of `/proc/self/cgroup` (cgroups(7)) against
 * `/proc/self/mountinfo`. In a container the mounted part may begin below the hierarchy's root.
 */
export function ownHierarchies(selfCgroup: string, mountinfo: string): Hierarchy[] {
  const mounts = mountinfo
    .split('\n')
    .map((line) => line.split(' '))
    .flatMap((fields) => {
      const dash = fields.indexOf('-');
      const type = fields[dash + 1];
      if (dash < 0 || (type !== 'cgroup' && type !== 'cgroup2')) return [];
      return [
        {
          root: fields[3] ?? '/',
          point: fields[4] ?? '',
          type,
          options: (fields[dash + 3] ?? '').split(','),
        },
      ];
    });
  return selfCgroup
    .trim()
    .split('\n')
    .flatMap((line): Hierarchy[] => {
      const [id, list = '', ...rest] = line.split(':');
      const path = rest.join(':');
      const unified = id === '0' && list === '';
      const controllers = unified ? [] : list.split(',');
      const mount = mounts.find((each) =>
        unified
          ? each.type === 'cgroup2'
          : each.type === 'cgroup' && controllers.every((c) => each.options.includes(c)),
      );
      if (mount === undefined) return [];
      const within = mount.root !== '/' && path.startsWith(mount.root) ? path.slice(mount.root.length) : path;
      return [{ controllers, dir: join(mount.point, within).replace(/\/$/, ''), version: unified ? 2 : 1 }];
    });
}

export type CgroupsFound =
  | { readonly ok: true; readonly cgroups: Cgroups }
  | { readonly ok: false; readonly reason: string };

const REMEDY =
  'Run the executor as root, or as a systemd service with Delegate=yes, on a host where these controllers are mounted.';

export interface CgroupsWanted {
  /**
   * Below the executor's own cgroup, as the OCI `cgroupsPath` is relative; or below the root of each hierarchy, where a
   * daemon makes its groups.
   */
  readonly below: 'own' | 'root';
  /** Tasks of the host that so many processes of a program may cost under the engine. */
  readonly tasksMax: (processesMax: number) => number;
}

/** Finds the cgroups under which sandboxes are bounded, or says which controller is missing. */
export function findCgroups(wanted: CgroupsWanted = { below: 'own', tasksMax: hostTasksMax }): CgroupsFound {
  const { tasksMax } = wanted;
  const self = readFileSync('/proc/self/cgroup', 'utf8');
  const all = ownHierarchies(
    wanted.below === 'own' ? self : self.replace(/^(\d+:[^:\n]*):.*$/gm, '$1:/'),
    readFileSync('/proc/self/mountinfo', 'utf8'),
  );
  const v1 = all.filter((hierarchy) => hierarchy.version === 1);
  if (v1.some((hierarchy) => hierarchy.controllers.includes('memory'))) {
    const missing = ['cpu', 'cpuacct', 'pids', 'freezer'].filter(
      (name) => !v1.some((hierarchy) => hierarchy.controllers.includes(name)),
    );
    if (missing.length > 0) return { ok: false, reason: `cgroup v1 lacks ${missing.join(', ')}. ${REMEDY}` };
    return {
      ok: true,
      cgroups: {
        version: 1,
        make: (name) => v1Group(all, name, true, tasksMax),
        at: (name) => v1Group(all, name, false, tasksMax),
      },
    };
  }
  const v2 = all.find((hierarchy) => hierarchy.version === 2);
  if (v2 === undefined) return { ok: false, reason: `no cgroup hierarchy is mounted. ${REMEDY}` };
  const prepared = prepareV2(v2.dir);
  if (!prepared.ok) return { ok: false, reason: `${prepared.reason} ${REMEDY}` };
  return {
    ok: true,
    cgroups: {
      version: 2,
      make: (name) => v2Group(v2.dir, name, true, tasksMax),
      at: (name) => v2Group(v2.dir, name, false, tasksMax),
    },
  };
}
