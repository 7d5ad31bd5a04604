import { expect, test } from 'vitest';
import type { RunId, TenantId } from '../../../protocol/ids.ts';
import { ObjectStorage } from '../../../simulator/objects/object-storage.ts';
import { importTicketKey } from '../../../worker/database/ticket.ts';
import { forget } from '../../../worker/runs/pool/forget.ts';
import { newLease } from '../../../worker/runs/pool/lease.ts';
import { LeaseTable } from '../../../worker/runs/pool/lease-table.ts';
import type { Pool } from '../../../worker/runs/pool/pool.ts';
import { Waiters } from '../../../worker/runs/pool/waiters.ts';
import { workOf } from '../../../worker/runs/pool/work-of.ts';
import { makeJob } from '../../support/make-job.ts';

const { manifest } = makeJob({ code: 'print(1)', image: `sha256:${'0'.repeat(64)}` });
const FACTS = {
  labels: {},
  user: null,
  own: false,
  ephemeral: false,
  image: null,
  wallMs: 1000,
  queuedAt: 0,
};
const run = 'run' as RunId;

/** A pool that has a run and was evicted since, at a database that answers when the test says so. */
async function evictedPool() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const transaction = async () => {
    asked.resolve();
    await answer.promise;
    return [{}, [{ manifest, outcome: null }]];
  };
  const ticketKey = await importTicketKey('A'.repeat(43));
  const leases = new LeaseTable(new ObjectStorage(() => {}).storage.sql as never, () => {});
  const pool = {
    leases,
    ...{ work: new Map(), listeners: new Waiters() },
    platform: async () => ({ database: { ticketKey, transaction } }),
  } as unknown as Pool;
  const lease = leases.put(newLease({ ...FACTS, run, pool: 'pol', tenant: 'ten' as TenantId, fence: 1 }));
  return { pool, lease, asked: asked.promise, answer: answer.resolve };
}

test('what a run needs is kept until it is over', async () => {
  const { pool, lease, answer } = await evictedPool();
  answer();
  expect(await workOf(pool, lease)).toMatchObject({ manifest });
  expect([...pool.work.keys()]).toEqual([run]);
  forget(pool, lease);
  expect(pool.work.size).toBe(0);
});

test('of a run that is over before the database says what it needs nothing is kept', async () => {
  const { pool, lease, asked, answer } = await evictedPool();
  const work = workOf(pool, lease);
  await asked;
  forget(pool, lease);
  answer();
  await work;
  expect(pool.work.size).toBe(0);
});
