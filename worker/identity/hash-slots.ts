import { Refusal } from '../http/refusal.ts';
import { createSlots } from './slots.ts';

const RUNNING_MAX = 4;
const WAITING_MAX = 28;
const ABANDONED_MS = 15_000;

const slots = createSlots({
  running: RUNNING_MAX,
  waiting: WAITING_MAX,
  abandonedMs: ABANDONED_MS,
});

/**
 * Does work that hashes a password or a token. Throws `busy` where the isolate has as much of it as it bears, before any attempt
 * is counted; `refused` is called then.
 */
export async function withHashSlot<Result>(
  work: () => Promise<Result>,
  refused: () => void = () => {},
): Promise<Result> {
  const ran = await slots.run(work);
  if (ran !== null) return ran.done;
  refused();
  throw new Refusal('busy', 'Too many sign-ins are being checked at this moment.', {
    hint: 'Try again in some seconds.',
    retryAfterSeconds: 2,
  });
}
