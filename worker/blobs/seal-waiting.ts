import { type SettledBlob, selectBlobsToSeal, settleBlobs } from '../database/blobs-to-seal.ts';
import { log } from '../log.ts';
import type { Platform } from '../platform.ts';

/** Some requests to the store for each, within what one invocation may make; more are sealed a minute later. */
const BLOBS_MAX = 200;
const WITHIN_MS = 20_000;

/**
 * Seals blobs that lie in the clear or under an earlier key, for some seconds; the next sweep goes on. Killed anywhere it leaves
 * each blob whole, to be looked at again. What is damaged stays as it is; `./causeway keys status` names it.
 */
export async function sealWaiting({ database, blobs }: Pick<Platform, 'database' | 'blobs'>): Promise<void> {
  const [waiting] = await database.transaction([selectBlobsToSeal(BLOBS_MAX)] as const);
  const until = Date.now() + WITHIN_MS;
  const settled: SettledBlob[] = [];
  for (const blob of waiting) {
    if (Date.now() > until) break;
    settled.push({ ...blob, became: await sealOne(blobs, blob) });
  }
  if (settled.length > 0) await database.transaction([settleBlobs(settled)] as const);
}

async function sealOne(blobs: Platform['blobs'], blob: { readonly tenant: string; readonly sha256: string }) {
  try {
    return (await blobs.reseal(blob)) === 'damaged' ? 'damaged' : 'sealed';
  } catch (error) {
    log('error', 'blobs', { blob, error: String(error) });
    return 'failed';
  }
}
