import { expect } from 'vitest';
import { operatorOf, PLATFORM_POOL } from './fleet.ts';
import { leasesOnDisk } from './pool-storage.ts';
import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

const actionsOf = (attempts: number) => [
  'run.start',
  ...Array.from({ length: attempts - 1 }, () => 'run.retry'),
  'run.finish',
];

/**
 * What must hold of runs that are over, whatever happened to them: each ended once and by the holder of its fence, the log has
 * each attempt, and what is counted (slots, queue, quotas) is what a recount of the rows comes to.
 */
export async function judgeRuns(stack: TestStack, runs: readonly string[]): Promise<void> {
  const ended = await queryAs(
    stack.superuserUrl,
    `select r.run_id, r.state, r.fence,
            array_agg(e.action order by e.position) as actions,
            array_agg((e.details ->> 'fence')::integer) filter (where e.action = 'run.finish') as finished
       from app.runs r join app.audit_events e on e.target_id = r.run_id and e.action <> 'run.cancel'
      where r.run_id = any($1) group by r.tenant_id, r.run_id, r.state, r.fence`,
    [runs],
  );
  expect(ended.map(({ run_id }) => run_id).sort()).toEqual([...runs].sort());
  for (const { state, fence, actions, finished } of ended) {
    expect(state).not.toBe('queued');
    expect([actions, finished]).toEqual([actionsOf(Number(fence)), [fence]]);
  }
  await expect.poll(() => recount(stack)).toEqual({ held: 0, queued: 0, leases: 0, unfinished: 0 });
}

/** Slots and queue as the pool counts them, leases on its disk, and the rows behind all of them. */
async function recount(stack: TestStack) {
  const { executors, queued } = await operatorOf(stack).look(PLATFORM_POOL);
  const [row] = await queryAs(
    stack.superuserUrl,
    "select count(*)::integer as unfinished from app.runs where state = 'queued'",
  );
  const held = executors.reduce((sum, executor) => sum + executor.held, 0);
  return { held, queued, leases: leasesOnDisk(stack).length, unfinished: row?.unfinished };
}
