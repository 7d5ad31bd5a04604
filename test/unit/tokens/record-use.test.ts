import { expect, test, vi } from 'vitest';
import { newId } from '../../../protocol/ids.ts';
import { GatheredUses } from '../../../worker/tokens/gathered-uses.ts';
import { recordUse } from '../../../worker/tokens/record-use.ts';
import { UseRecorder } from '../../../worker/tokens/use-recorder.ts';

const ann = {
  tenantId: newId('tenant'),
  userId: newId('user'),
  credential: { kind: 'api_token', id: newId('token') },
} as const;
const call = { requestId: newId('request'), address: null, userAgent: null };

/** Records a call that cost so much, at a gate that charges as `charge` does; when a tenth of a second is over is for the caller to say. */
function recording(cost: number, charge: () => Promise<void> = async () => {}) {
  const { promise, resolve: pass } = Promise.withResolvers<void>();
  const gate = { chargeMore: vi.fn(charge), recordUses: vi.fn(async () => {}) };
  const use = new UseRecorder('POST', '/mcp');
  use.cost = cost;
  const world = { gate, gathered: new GatheredUses(() => promise) } as unknown as Parameters<
    typeof recordUse
  >[0];
  return { gate, pass, recorded: recordUse(world, use, ann, call, { status: 200 }) };
}

test('what a call cost beyond one is charged to its credential before its entry is gathered', async () => {
  const { gate, pass, recorded } = recording(5);
  await vi.waitFor(() => expect(gate.chargeMore.mock.calls).toEqual([[ann.credential.id, 4]]));
  expect(gate.recordUses).not.toHaveBeenCalled();
  pass();
  await recorded;
  expect(gate.recordUses).toHaveBeenCalledOnce();
});

test('a call that cost one sends its entry alone', async () => {
  const { gate, pass, recorded } = recording(1);
  pass();
  await recorded;
  expect(gate.chargeMore).not.toHaveBeenCalled();
  expect(gate.recordUses).toHaveBeenCalledOnce();
});

test('a gate that does not charge loses no entry', async () => {
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  const { gate, pass, recorded } = recording(2, () => Promise.reject(new Error('gone')));
  pass();
  await recorded;
  expect(gate.recordUses).toHaveBeenCalledOnce();
  expect(told).toHaveBeenCalledOnce();
});
