import { callWorker, type WorkerCalled } from './call-worker.ts';
import { CLOCK_TOLERANCE_SECONDS, offsetFrom } from './clock-offset.ts';

/** A call with its proof, which holds for the moment that it was signed for. */
interface Signed {
  readonly authorization: string;
  readonly body: object;
}

/**
 * Calls the worker with what `sign` makes for a time in Unix seconds. A wrong clock of this host is told by the refusal, and
 * the second try is by the worker's.
 */
export async function callSigned(url: string, sign: (nowSeconds: number) => Signed): Promise<WorkerCalled> {
  const call = ({ authorization, body }: Signed) => callWorker(url, { authorization }, body);
  const first = await call(sign(Date.now() / 1000));
  if (first.kind === 'failed') return first;
  const offset = offsetFrom(first.status, first.date ?? undefined, Date.now());
  if (offset === null || Math.abs(offset) <= CLOCK_TOLERANCE_SECONDS) return first;
  return call(sign(Date.now() / 1000 + offset));
}
