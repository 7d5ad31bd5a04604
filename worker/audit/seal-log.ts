import {
  addCheckpoint,
  addFirstAuditKey,
  draftCheckpoint,
  findAuditKey,
  lastCheckpoint,
  type StoredAuditKey,
  type StoredCheckpoint,
  sealEvents,
} from '../database/audit-log.ts';
import type { Query } from '../database/query.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { makeAuditKey, openAuditKey } from './audit-key.ts';
import { signCheckpoint } from './checkpoint.ts';

/** What sealing needs: one question to the database, apart from any tenant, and the keys that seal its key. */
export interface Sealer {
  readonly ask: <Result>(question: Query<Result>) => Promise<Result>;
  readonly keys: Pick<KeyStore, 'sealing' | 'open'>;
  /** The name under which the deployment signs; asked for when the key is made. */
  readonly origin: () => string;
}

/** A checkpoint is made when something was sealed and the last one is so old. */
const CHECKPOINT_SECONDS = 3600;
/** In one transaction, so that nobody else who seals waits for long. */
const EVENTS_MAX = 5_000;

/** Seals everything that waits. Returns how many events that were. */
export async function sealAll({ ask }: Pick<Sealer, 'ask'>): Promise<number> {
  let sealed = 0;
  for (;;) {
    const now = await ask(sealEvents(EVENTS_MAX));
    sealed += now;
    if (now < EVENTS_MAX) return sealed;
  }
}

/**
 * Makes a checkpoint over everything that is sealed, unless nothing was since the last or that is younger than
 * `olderThanSeconds`. Interrupted anywhere, the next call goes on. Returns the newest there is.
 */
export async function makeCheckpoint(
  sealer: Sealer,
  olderThanSeconds: number = CHECKPOINT_SECONDS,
): Promise<StoredCheckpoint | null> {
  const last = await sealer.ask(lastCheckpoint());
  if (last !== null && last.age_seconds < olderThanSeconds) return last;
  const draft = await sealer.ask(draftCheckpoint());
  if (draft.size === (last?.size ?? 0)) return last;
  const key = await auditKey(sealer);
  const note = await signCheckpoint(draft, await openAuditKey(sealer.keys, key));
  await sealer.ask(addCheckpoint(draft.size, note));
  return sealer.ask(lastCheckpoint());
}

/** The key that signs; the first call of a deployment makes it. */
export async function auditKey({ ask, keys, origin }: Sealer): Promise<StoredAuditKey> {
  const known = await ask(findAuditKey());
  if (known !== null) return known;
  await ask(addFirstAuditKey(await makeAuditKey(keys, origin())));
  const stored = await ask(findAuditKey());
  if (stored === null) throw new Error('the audit key was not stored');
  return stored;
}
