import type { RefusedImageRequest } from '../protocol/image-refusal.ts';
import { callSigned } from './call-signed.ts';
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
  const stored = read.value;
  const called = await callSigned(`${baseUrl}/executor/refused-image`, (nowSeconds) => ({
    authorization: proofOfRefusal(stored, refusal, nowSeconds),
    body: refusal,
  }));
  if (called.kind === 'answered' && called.status === 204) return;
  const reason = called.kind === 'failed' ? called.reason : `status ${called.status}`;
  log('warn', 'the deployment was not told of the image', { reason });
}
