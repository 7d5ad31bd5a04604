import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TestStack } from './stack.ts';

const folderOf = (stack: TestStack, object = 'ExecutorPool') =>
  join(stack.stateDir, `worker/durable-objects/causeway-${object}`);

/** Whether the pool has written the run's lease: a change younger than a moment may die with its Worker. */
export function isLeaseOnDisk(stack: TestStack, run: string, phase: string, fence = 1): boolean {
  const lease = new RegExp(`"run":"${run}"[^}]*"fence":${fence},[^}]*"phase":"${phase}"`);
  const folder = folderOf(stack);
  return readdirSync(folder).some((file) => lease.test(readFileSync(join(folder, file), 'latin1')));
}

/** Of each `RunFeed` that has anything stored, the texts of the events. */
export function feedsOnDisk(stack: TestStack): string[] {
  const files = readdirSync(folderOf(stack, 'RunFeed')).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name));
  return files.flatMap((name) => {
    const storage = new DatabaseSync(join(folderOf(stack, 'RunFeed'), name), { readOnly: true });
    try {
      const tables = storage
        .prepare("select name from sqlite_master where name not like '\\_cf%' escape '\\'")
        .all();
      if (tables.length === 0) return [];
      return [JSON.stringify(storage.prepare('select event from events order by position').all())];
    } finally {
      storage.close();
    }
  });
}

/** Takes the run's lease from the disk of a pool that does not run, as a crash before it was written would. */
export function forgetLease(stack: TestStack, run: string): void {
  for (const name of readdirSync(folderOf(stack)).filter((file) => /^[0-9a-f]+\.sqlite$/.test(file))) {
    const storage = new DatabaseSync(join(folderOf(stack), name));
    storage.prepare('delete from leases where run = ?').run(run);
    storage.close();
  }
}

/** The runs of which a pool has a lease on disk. */
export function leasesOnDisk(stack: TestStack): string[] {
  const files = readdirSync(folderOf(stack)).filter((name) => /^[0-9a-f]+\.sqlite$/.test(name));
  return files.flatMap((name) => {
    const storage = new DatabaseSync(join(folderOf(stack), name), { readOnly: true });
    try {
      return storage
        .prepare('select run from leases')
        .all()
        .map(({ run }) => String(run));
    } finally {
      storage.close();
    }
  });
}
