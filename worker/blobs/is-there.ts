import { Refusal } from '../http/refusal.ts';
import { type BlobKey, blobPath, type Keep } from './blob-store.ts';
import type { RawStore } from './receive-blob.ts';

const TENANT = /^ten_[0-9a-z]{26}$/;

/**
 * Whether the store has a blob that will stay, so that a row may name it and its bytes need not be stored again. A blob
 * that was due to be removed, because nothing named it, counts as absent: it stays once its bytes are written anew.
 * Refuses with `unavailable` while it is being removed.
 */
export async function isThere(store: Pick<RawStore, 'has'>, key: BlobKey, keep: Keep): Promise<boolean> {
  if (!(await store.has(blobPath(key)))) return false;
  // Copies of the audit log and checkpoints go by their own rules.
  if (!TENANT.test(key.tenant)) return true;
  switch (await keep(key)) {
    case 'waits':
      return false;
    case 'named':
      // Its removal may have ended between the two questions.
      return store.has(blobPath(key));
    case 'going':
      throw beingRemoved();
  }
}

/** What is told of a blob that is being removed to whoever wants to name it. */
export function beingRemoved(): Refusal {
  return new Refusal('unavailable', 'The object store does not take this just now.', {
    hint: 'Try again in some seconds.',
    retryAfterSeconds: 10,
  });
}
