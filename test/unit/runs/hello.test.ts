import { expect, test } from 'vitest';
import { LET_ON, playPool } from '../../support/played-pool.ts';

test('the answer to a connection that another has followed takes nothing from that one', async () => {
  const { dial, asked, lease, executor } = await playPool();
  const first = dial();
  await expect.poll(() => asked).toHaveLength(1);
  const second = dial();
  await expect.poll(() => asked).toHaveLength(2);
  asked[1]?.resolve(LET_ON);
  await second.greeted;
  const given = lease({ phase: 'running', executor, leasedAt: 0, leaseUntil: 30_000 });
  asked[0]?.resolve(LET_ON);
  await first.greeted;
  const { closedWith, sent } = second.socket;
  expect([closedWith, sent, given.now()?.phase]).toEqual([null, ['welcome'], 'running']);
  expect([first.socket.closedWith, first.socket.sent]).toEqual([4001, []]);
});
