import { expect, test } from 'vitest';
import { newId } from '../../../protocol/ids.ts';
import type { RateRefusal } from '../../../worker/identity/authenticate-bearer.ts';
import { SpentRates } from '../../../worker/identity/spent-rates.ts';

const MALLORY = 'btk_of_mallory';
const refused: RateRefusal = {
  ...{ ok: false, reason: 'rate_limited', limit: 'calls_per_minute', waitMs: 100 },
  who: { tenantId: newId('tenant'), userId: null, credential: { kind: 'api_token', id: newId('token') } },
};

test("Mallory's flood is refused for as long as her tenant's gate said, and then the gate decides again", async () => {
  const spent = new SpentRates();
  expect(await spent.refusalOf(MALLORY, 1000)).toBeNull();
  await spent.keep(MALLORY, refused, 1000);
  expect(await spent.refusalOf(MALLORY, 1040)).toEqual({ ...refused, waitMs: 60 });
  expect(await spent.refusalOf(MALLORY, 1099)).toEqual({ ...refused, waitMs: 1 });
  expect(await spent.refusalOf(MALLORY, 1100)).toBeNull();
});

test('nobody else is refused for it, not even who knows all of the token but its end', async () => {
  const spent = new SpentRates();
  await spent.keep(MALLORY, refused, 1000);
  for (const other of ['btk_of_bob', MALLORY.slice(0, -1), `${MALLORY}x`])
    expect(await spent.refusalOf(other, 1001)).toBeNull();
});

test('a wait that is over is over while another lasts', async () => {
  const spent = new SpentRates();
  await spent.keep(MALLORY, refused, 1000);
  await spent.keep('btk_of_eve', { ...refused, waitMs: 5000 }, 1000);
  expect(await spent.refusalOf(MALLORY, 1100)).toBeNull();
  expect(await spent.refusalOf('btk_of_eve', 1100)).toMatchObject({ waitMs: 4900 });
});

test('of more than ten thousand it forgets the one that was refused longest ago', async () => {
  const spent = new SpentRates();
  for (let each = 0; each <= 10_000; each++) await spent.keep(`btk_${each}`, refused, 1000);
  expect(await spent.refusalOf('btk_0', 1001)).toBeNull();
  expect(await spent.refusalOf('btk_1', 1001)).not.toBeNull();
});
