import { type KeyOwner, makeDataKey } from '../../worker/keys/data-key.ts';
import type { KekSource } from '../../worker/keys/kek-source.ts';
import { makeKek, openKek } from '../../worker/keys/key-encryption-key.ts';
import { type EnvelopeKey, openEnvelope, sealEnvelope } from '../../worker/seal/envelope.ts';
import type { KeyOperator, StoredEnvelope } from '../database/key-operator.ts';
import { newestOf, type OpenedKeys, openKeks, openSecretKeys } from './open-keys.ts';

/** What became of a rotation. */
export interface Rotation {
  readonly newest: string;
  /** Envelopes that were sealed anew by this call. */
  readonly resealed: number;
  /** Envelopes under an earlier key that it does not open: damaged, or moved from elsewhere. */
  readonly unreadable: readonly StoredEnvelope[];
  readonly retired: readonly string[];
  /** Earlier keys that stay for now, with for how long isolates may still use them. */
  readonly kept: readonly { readonly keyId: string; readonly seconds: number | null }[];
}

/** Twice what an isolate believes keys for (worker/keys/key-store.ts), and clocks apart. */
const BELIEVED_SECONDS = 900;
const BATCH = 200;

/**
 * Makes a new key-encryption key and wraps every data key anew. Where an earlier rotation was not finished, finishes
 * it; not so one from before the passphrase or KMS was changed, whose key nothing opens without the earlier setting. The
 * rows themselves say how far it is, so it may be killed anywhere and called again; meanwhile all keys open.
 */
export async function rotateKek(
  operator: KeyOperator,
  source: KekSource,
  tell: (resealed: number) => void,
): Promise<Rotation> {
  let keks = await openKeks(operator, source);
  if (keks.length === 1 || !(await isNewestBy(source.maker, operator))) {
    await operator.addKek((await makeKek(source)).stored);
    keks = await openKeks(operator, source);
  }
  return moveToNewest(operator, keks, null, tell);
}

async function isNewestBy(maker: KekSource, operator: KeyOperator): Promise<boolean> {
  const newest = (await operator.findKeks()).at(-1);
  return newest !== undefined && (await openKek(maker, newest)) !== null;
}

/** The same for the keys of a tenant, or (null) of the platform. Blobs that are there stay under their key. */
export async function rotateDataKeys(
  operator: KeyOperator,
  source: KekSource,
  owner: KeyOwner,
  tell: (resealed: number) => void,
): Promise<Rotation> {
  const keks = await openKeks(operator, source);
  let keys = await openSecretKeys(operator, keks, owner);
  if (keys.length === 1) {
    const purposes = owner === null ? (['secrets'] as const) : (['blobs', 'secrets'] as const);
    for (const purpose of purposes)
      await operator.addDataKey(owner, await makeDataKey(newestOf(keks), owner, purpose));
    keys = await openSecretKeys(operator, keks, owner);
  }
  return moveToNewest(operator, keys, owner, tell);
}

async function moveToNewest(
  operator: KeyOperator,
  keys: OpenedKeys,
  owner: KeyOwner,
  tell: (resealed: number) => void,
): Promise<Rotation> {
  const newest = newestOf(keys);
  const earlier = keys.slice(0, -1);
  const unreadable: StoredEnvelope[] = [];
  const retired: string[] = [];
  const kept: { keyId: string; seconds: number | null }[] = [];
  let resealed = 0;
  for (const key of earlier) {
    const before = unreadable.length;
    for await (const batch of batchesUnder(operator, key, owner, unreadable)) {
      resealed += await reseal(operator, batch, key, newest, unreadable);
      tell(resealed);
    }
    if (unreadable.length > before) {
      kept.push({ keyId: key.id, seconds: null });
      continue;
    }
    const answer = await operator.retireKey(key.id, owner, BELIEVED_SECONDS);
    if (answer.ok) retired.push(key.id);
    else kept.push({ keyId: key.id, seconds: answer.details?.seconds ?? null });
  }
  return { newest: newest.id, resealed, unreadable, retired, kept };
}

/** Batches until none is left but what does not open. */
async function* batchesUnder(
  operator: KeyOperator,
  key: EnvelopeKey,
  owner: KeyOwner,
  unreadable: readonly StoredEnvelope[],
): AsyncGenerator<readonly StoredEnvelope[]> {
  while (true) {
    const known = new Set(unreadable.map(({ envelope }) => envelope));
    const batch = await operator.listEnvelopes(key.id, owner, BATCH + known.size);
    const fresh = batch.filter(({ envelope }) => !known.has(envelope));
    if (fresh.length === 0) return;
    yield fresh;
  }
}

async function reseal(
  operator: KeyOperator,
  batch: readonly StoredEnvelope[],
  from: EnvelopeKey,
  to: EnvelopeKey,
  unreadable: StoredEnvelope[],
): Promise<number> {
  let resealed = 0;
  for (const stored of batch) {
    const text = await openEnvelope(from, stored.envelope, stored.place);
    if (text === null) unreadable.push(stored);
    else if (await operator.replaceEnvelope(stored, await sealEnvelope(to, text, stored.place))) resealed++;
  }
  return resealed;
}
