import { afterEach, expect, test, vi } from 'vitest';
import { ARRIVES_MS, ArrivingBodies, inTime } from '../../../worker/http/arriving-bodies.ts';

afterEach(() => vi.useRealTimers());
const never = () => new Promise<never>(() => {});
const read = async () => 'read';
const MUCH = 1000;

test('Mallory’s bodies that never end keep no other tenant from being read, and more of hers are not begun', async () => {
  const bodies = new ArrivingBodies(4 * MUCH);
  for (let n = 0; n < 4; n++) void bodies.read('mallory', MUCH, never, 0);
  let wasBegun = false;
  const more = bodies.read('mallory', 1, async () => (wasBegun = true), 1);
  await expect(more).rejects.toMatchObject({ code: 'busy', retryAfterSeconds: 2 });
  expect(wasBegun).toBe(false);
  expect(await bodies.read('ann', 4 * MUCH, read, 1)).toBe('read');
});

test('what was read, broke off or belongs to a request that is gone makes room', async () => {
  const bodies = new ArrivingBodies(4 * MUCH);
  expect(await bodies.read('ann', 4 * MUCH, read, 0)).toBe('read');
  await expect(bodies.read('ann', 4 * MUCH, () => Promise.reject(new Error('broken')), 0)).rejects.toThrow(
    'broken',
  );
  void bodies.read('ann', 4 * MUCH, never, 0);
  await expect(bodies.read('ann', 1, read, ARRIVES_MS - 1)).rejects.toMatchObject({ code: 'busy' });
  expect(await bodies.read('ann', 4 * MUCH, read, ARRIVES_MS)).toBe('read');
});

test('of Mallory, who hangs up from ever other addresses, nothing is remembered for long', async () => {
  const bodies = new ArrivingBodies(4 * MUCH);
  for (let n = 0; n < 1000; n++) void bodies.read(`2001:db8:0:${n}::/64`, 1, never, 1 + n);
  expect(bodies.senders).toBe(1000);
  await bodies.read('ann', 1, read, 2 * ARRIVES_MS);
  expect(bodies.senders).toBe(0);
});

test('a body that is not there in time is given up and refused, and one that is costs no timer', async () => {
  vi.useFakeTimers();
  const giveUp = vi.fn(() => Promise.reject(new Error('is being read')));
  const late = expect(inTime(never(), giveUp)).rejects.toMatchObject({ code: 'invalid_arguments' });
  await vi.advanceTimersByTimeAsync(ARRIVES_MS - 1);
  expect(giveUp).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  await late;
  expect(giveUp).toHaveBeenCalledOnce();
  expect(await inTime(read(), giveUp)).toBe('read');
  expect(vi.getTimerCount()).toBe(0);
});
