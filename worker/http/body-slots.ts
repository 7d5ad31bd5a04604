import { createSlots } from '../identity/slots.ts';
import { Refusal } from './refusal.ts';

/** Of smaller bodies so much arrives at once for each tenant (`arriving-bodies.ts`). */
const LARGE_BYTES = 1024 * 1024;
/** A body of 8 MiB is some 40 MiB of memory while it is read and parsed, and an isolate has 128 MB. */
const RUNNING_MAX = 2;
const WAITING_MAX = 60;
/**
 * A tenant whose bodies never end leaves the others a turn. Of an honest one thirty wait: a client that is refused while it
 * sends may see its connection break instead of the refusal.
 */
const OF_ONE_TENANT = { running: RUNNING_MAX / 2, waiting: WAITING_MAX / 2 };
/** A slower client keeps its slot, but the others no longer wait for it. */
const ABANDONED_MS = 20_000;

const slots = createSlots({
  running: RUNNING_MAX,
  waiting: WAITING_MAX,
  ofOne: OF_ONE_TENANT,
  abandonedMs: ABANDONED_MS,
});

/**
 * Serves a request of a tenant whose body may be large only while few others of this isolate do, so that a flood of large
 * bodies does not grow its memory: those that wait are not read. Throws `busy` where too many wait.
 */
export async function withBodySlot<Result>(
  request: Request,
  tenant: string,
  serve: () => Promise<Result>,
): Promise<Result> {
  if (!mayBeLarge(request)) return serve();
  const served = await slots.run(serve, tenant);
  if (served !== null) return served.done;
  throw new Refusal('busy', 'Too many large requests are being read at this moment.', {
    hint: 'Try again in some seconds.',
    retryAfterSeconds: 2,
  });
}

/** A body that does not announce its length may be large. */
export function mayBeLarge({ method, headers }: Request): boolean {
  if (method === 'GET' || method === 'HEAD' || method === 'DELETE') return false;
  const announced = headers.get('content-length');
  return announced === null || !(Number(announced) <= LARGE_BYTES);
}
