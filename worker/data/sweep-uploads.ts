import { sweepIncoming } from '../blobs/incoming.ts';
import { openIncoming } from '../blobs/open-blob-store.ts';
import { forgetUploads } from '../database/uploads.ts';
import type { Platform } from '../platform.ts';

/** More are swept by the next sweeps, a minute apart. */
const BODIES_MAX = 500;

/** Forgets uploads that never came, and removes bodies that a killed Worker left halfway. Nothing that has a name is touched. */
export async function sweepUploads({ database, env }: Platform): Promise<void> {
  const incoming = openIncoming(env);
  await Promise.all([
    database.transaction([forgetUploads()]),
    incoming === null ? null : sweepIncoming(incoming, { now: Date.now(), bodiesMax: BODIES_MAX }),
  ]);
}
