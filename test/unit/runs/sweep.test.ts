import { expect, test } from 'vitest';
import type { PoolFacts } from '../../../worker/database/executors.ts';
import type { Pool } from '../../../worker/runs/pool/pool.ts';
import { sweep } from '../../../worker/runs/pool/sweep.ts';

/** A pool that hears one executor, at a database that answers when the test says so. */
function poolOf(executor: string) {
  const answers: ((cordoned: readonly string[]) => void)[] = [];
  const known: { cordoned: boolean } = { cordoned: false };
  const transaction = () =>
    new Promise<readonly [PoolFacts]>((resolve) => {
      answers.push((cordoned) => resolve([{ revoked: [], cordoned, unfinished: [] }]));
    });
  const pool = {
    ...{ now: () => 0, swept: { at: 0, asked: 0, heeded: 0 }, servedAt: new Map() },
    leases: { all: () => [] },
    sockets: {
      heard: () => [{ executor }],
      cordon(cordoned: readonly string[], heard: readonly string[]) {
        if (heard.includes(executor)) known.cordoned = cordoned.includes(executor);
      },
    },
    platform: async () => ({ database: { transaction } }),
  };
  return { pool: pool as unknown as Pool, answers, known };
}

test('an answer of before an operator’s word, that comes after the answer to it, changes nothing', async () => {
  const { pool, answers, known } = poolOf('exe');
  const byAlarm = sweep(pool, 'pol');
  await expect.poll(() => answers).toHaveLength(1);
  const byOperator = sweep(pool, 'pol');
  await expect.poll(() => answers).toHaveLength(2);
  answers[1]?.(['exe']);
  await byOperator;
  expect(known).toEqual({ cordoned: true });
  answers[0]?.([]);
  await byAlarm;
  expect(known).toEqual({ cordoned: true });
  const next = sweep(pool, 'pol');
  await expect.poll(() => answers).toHaveLength(3);
  answers[2]?.([]);
  await next;
  expect(known).toEqual({ cordoned: false });
});
