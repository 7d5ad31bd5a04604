import { expect, test } from 'vitest';
import { newId } from '../../../protocol/ids.ts';
import { GatheredUses } from '../../../worker/tokens/gathered-uses.ts';
import type { TokenUse } from '../../../worker/tokens/token-use.ts';
import { WAITING_MAX } from '../../../worker/tokens/use-log.ts';

const [ACME, GLOBEX] = [newId('tenant'), newId('tenant')];
const use = (request: string): TokenUse => ({
  ...{
    request,
    at: '2026-11-22T00:00:00.000Z',
    kind: 'api_token',
    credential: newId('token'),
    user_id: null,
  },
  ...{ method: 'POST', target: '/mcp', address: null, agent: null, latency_ms: 1, answer_bytes: null },
  ...{ outcome: 'refused', reason: 'rate_limited', trace: null, admitted: false },
});

/** A gate that keeps what it was told, and a tenth of a second that ends when `pass` is called. */
function world() {
  const told: { tenant: string; requests: string[]; lost: number }[] = [];
  const { promise, resolve: pass } = Promise.withResolvers<void>();
  const gate = {
    recordUses: async (tenant: string, uses: readonly TokenUse[], lost: number) => {
      told.push({ tenant, requests: uses.map(({ request }) => request), lost });
    },
  } as Parameters<GatheredUses['bring']>[0];
  return { told, pass, gate, uses: new GatheredUses(() => promise) };
}

test('calls of a tenant within a tenth of a second reach its gate in one message, and those of another in another', async () => {
  const { told, pass, gate, uses } = world();
  const first = uses.bring(gate, ACME, use('one'));
  await uses.bring(gate, ACME, use('two'));
  const other = uses.bring(gate, GLOBEX, use('three'));
  expect(told).toEqual([]);
  pass();
  await Promise.all([first, other]);
  expect(told).toEqual([
    { tenant: ACME, requests: ['one', 'two'], lost: 0 },
    { tenant: GLOBEX, requests: ['three'], lost: 0 },
  ]);
});

test('what comes after a batch goes in the next', async () => {
  const { told, pass, gate, uses } = world();
  pass();
  await uses.bring(gate, ACME, use('one'));
  await uses.bring(gate, ACME, use('two'));
  expect(told.map(({ requests }) => requests)).toEqual([['one'], ['two']]);
});

test('of a flood the entries are bounded, and what is beyond is counted', async () => {
  const { told, pass, gate, uses } = world();
  const first = uses.bring(gate, ACME, use('one'));
  for (let sent = 1; sent < WAITING_MAX + 7; sent++) await uses.bring(gate, ACME, use(`${sent}`));
  pass();
  await first;
  expect(told[0]?.requests).toHaveLength(WAITING_MAX);
  expect(told[0]?.lost).toBe(7);
});

test('a request that ended before it could bring its batch does not keep the next ones', async () => {
  const { told, gate } = world();
  const waits: (() => void)[] = [];
  const uses = new GatheredUses(() => new Promise<void>((resolve) => waits.push(resolve)));
  void uses.bring(gate, ACME, use('lost'), 0);
  const later = uses.bring(gate, ACME, use('later'), 30_000);
  waits[1]?.();
  await later;
  expect(told.map(({ requests }) => requests)).toEqual([['later']]);
});
