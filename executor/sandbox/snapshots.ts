import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../log.ts';
import type { SandboxSpec } from './engine.ts';

/** After so many failures each sandbox does its imports itself: on some host, copies may never work. */
const FAILURES_MAX = 3;

/** Sandboxes as they were when their imports were done, for copies to start from. */
export interface Snapshots {
  /**
   * The folder of the one for `spec`, which the first to ask takes by `take` (into the folder given to it; a sentence says why
   * not) while others wait. Null where none can be had.
   */
  find(spec: SandboxSpec, take: (folder: string) => Promise<string | null>): Promise<string | null>;
  /** A copy of it did not start: it is removed, and the next to ask takes another. */
  failed(folder: string, reason: string): Promise<void>;
}

/**
 * They are taken anew whenever the executor starts, so that no two starts and no two hosts share what a process draws once
 * in its life (the layout of its addresses).
 */
export function keepSnapshots(dir: string, log: Log): Snapshots {
  const kept = new Map<string, Promise<string | null>>();
  let failures = 0;

  const forget = async (key: string, folder: string, reason: string): Promise<void> => {
    kept.delete(key);
    failures += 1;
    log('warn', 'a snapshot is of no use', { reason, failures });
    await rm(folder, { recursive: true, force: true });
  };

  return {
    find(spec, take) {
      if (failures >= FAILURES_MAX) return Promise.resolve(null);
      const key = keyOf(spec);
      const found = kept.get(key) ?? takeOne(key, take);
      kept.set(key, found);
      return found;
    },
    async failed(folder, reason) {
      for (const [key, found] of kept) if ((await found) === folder) await forget(key, folder, reason);
    },
  };

  async function takeOne(key: string, take: (folder: string) => Promise<string | null>) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const folder = join(dir, randomBytes(8).toString('hex'));
    const problem = await take(folder);
    if (problem === null) return folder;
    await forget(key, folder, problem);
    return null;
  }
}

/** What is fixed in a snapshot: all but the priority. */
function keyOf({ environment, imports, limits }: SandboxSpec): string {
  return JSON.stringify({ environment, imports, limits });
}
