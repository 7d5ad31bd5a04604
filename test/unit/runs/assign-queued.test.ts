import { expect, test } from 'vitest';
import { DatabaseUnavailable } from '../../../worker/database/errors.ts';
import { assignQueued } from '../../../worker/runs/pool/assign-queued.ts';
import { attemptOver } from '../../../worker/runs/pool/attempt-over.ts';
import { cancel } from '../../../worker/runs/pool/cancel.ts';
import { wake } from '../../../worker/runs/pool/wake.ts';
import { LET_ON, playPool } from '../../support/played-pool.ts';

/** What happens to a run while the database is asked what it is made of, which a pool that was restarted does not know. */
async function beingSent() {
  const played = await playPool();
  const { pool, asked, dial, lease } = played;
  const { greeted, socket } = dial();
  await expect.poll(() => asked).toHaveLength(1);
  asked[0]?.resolve(LET_ON);
  await greeted;
  const { run, now } = lease();
  const sent = Promise.withResolvers<void>();
  assignQueued({ ...pool, inBackground: (work) => sent.resolve(work) });
  await expect.poll(() => asked).toHaveLength(2);
  expect(now()).toMatchObject({ phase: 'leased' });
  const databaseIsAway = async () => {
    asked[1]?.reject(new DatabaseUnavailable('away'));
    await sent.promise;
  };
  return { pool, run, now, socket, databaseIsAway, asked };
}

test('a run that is cancelled while it is on its way to an executor is cancelled, also where it cannot be sent', async () => {
  const { pool, run, now, socket, databaseIsAway, asked } = await beingSent();
  cancel(pool, run);
  await databaseIsAway();
  void wake(pool);
  await expect.poll(() => asked).toHaveLength(3);
  expect(now()).toMatchObject({ phase: 'recording', pending: { outcome: { state: 'cancelled' } } });
  expect(socket.sent).not.toContain('job');
});

test('a run whose attempt is given up while it is on its way is not queued under the same attempt', async () => {
  const { pool, now, databaseIsAway } = await beingSent();
  const lease = now();
  if (lease === undefined) throw new Error('it was leased');
  void attemptOver(pool, lease, 'its executor restarted');
  await databaseIsAway();
  expect(now()).toMatchObject({ phase: 'retrying', fence: 1 });
});

test('a run that cannot be sent for now waits again under the same attempt', async () => {
  const { now, databaseIsAway } = await beingSent();
  await databaseIsAway();
  expect(now()).toMatchObject({ phase: 'queued', fence: 1, executor: null });
});
