import type { RefusedImageRequest } from '../protocol/image-refusal.ts';
import { callWorker } from './call-worker.ts';
import { offsetFrom } from './connection.ts';
import { proofOfRefusal, storedSchema } from './identity.ts';
import { readKeyFile } from './key-file.ts';
import type { Log } from './log.ts';

/**
 * Tells the worker that this host refuses its sandbox image, so that the operator sees it in `./causeway executor history`.
 * A host that has not joined is nobody there; one that cannot be heard has said it in its log. Never fails.
 */
export async function reportImage(
  keyFile: string,
  baseUrl: string,
  refusal: RefusedImageRequest,
  log: Log,
): Promise<void> {
  const read = await readKeyFile(keyFile, storedSchema);
  if (!read.ok || read.value === null) return;
  let offsetSeconds = 0;
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const authorization = proofOfRefusal(read.value, refusal, Date.now() / 1000 + offsetSeconds);
    const called = await callWorker(`${baseUrl}/executor/refused-image`, { authorization }, refusal);
    if (called.kind === 'answered' && called.status === 204) return;
    const learned =
      called.kind === 'answered' ? offsetFrom(called.status, called.date ?? undefined, Date.now()) : null;
    const isClock = attempt === 1 && learned !== null && Math.abs(learned) > 2;
    if (!isClock) {
      const reason = called.kind === 'failed' ? called.reason : `status ${called.status}`;
      return log('warn', 'the deployment was not told of the image', { reason });
    }
    offsetSeconds = learned;
  }
}
