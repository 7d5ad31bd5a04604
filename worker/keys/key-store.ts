import { type BlobKey, importBlobKey } from '../blobs/blob-cipher.ts';
import type { Database } from '../database/database.ts';
import { addFirstDataKey, addFirstKek, findDataKeys, findKeks } from '../database/keys.ts';
import {
  type EnvelopeKey,
  type EnvelopeKeys,
  importEnvelopeKey,
  keyIdOf,
  openEnvelope,
  type Place,
} from '../seal/envelope.ts';
import { type KeyOwner, type KeyPurpose, makeDataKey, unwrapDataKey } from './data-key.ts';
import type { KekSource } from './kek-source.ts';
import { makeKek, openKek } from './key-encryption-key.ts';
import { KmsFailure } from './kms-source.ts';
import { Remembered } from './remembered.ts';

/**
 * How long an isolate uses keys before it reads them again: a rotated key seals, and a deleted one opens, for no longer
 * than this.
 */
const BELIEVED_MS = 5 * 60_000;
const OWNERS_MAX = 2_000;

/** The keys of this deployment. Nothing is read before it is needed. */
export interface KeyStore {
  /** What stands against serving: keys that do not open, each with its remedy. Makes the first key of a deployment. */
  check(): Promise<readonly string[]>;
  /** The key that seals secrets of a tenant, or (null) of the platform; its first is made here. */
  sealing(owner: KeyOwner): Promise<EnvelopeKey>;
  /**
   * The key of a tenant's blobs with this id, or (null) the one that seals now, as read no longer ago than `believedMs`; its first is
   * made here. Null where there is none.
   */
  blobKey(tenant: string, id: string | null, believedMs?: number): Promise<BlobKey | null>;
  /** The text of an envelope of this owner; null where none of the owner's keys opens it for `place`. */
  open(owner: KeyOwner, envelope: string, place: Place): Promise<string | null>;
}

/** Key-encryption keys that opened, and the ids of those that did not. */
interface Keks extends Partial<EnvelopeKeys> {
  readonly byId: ReadonlyMap<string, EnvelopeKey>;
  readonly shut: readonly string[];
}

/** The keys of one owner, the oldest first. */
interface DataKeys {
  readonly secrets: readonly EnvelopeKey[];
  readonly blobs: readonly BlobKey[];
}

type Among<Key> = (keys: DataKeys) => readonly Key[];
const SECRETS: Among<EnvelopeKey> = ({ secrets }) => secrets;
const BLOBS: Among<BlobKey> = ({ blobs }) => blobs;

export function openKeyStore(database: Database, source: KekSource | null): KeyStore {
  const keks = new Remembered(() => readKeks(database, source), {
    entriesMax: 1,
    believedMs: BELIEVED_MS,
  });
  const dataKeys = new Remembered((name) => readDataKeys(database, keks, name === '' ? null : name), {
    entriesMax: OWNERS_MAX,
    believedMs: BELIEVED_MS,
  });
  const of = (owner: KeyOwner, believedMs = BELIEVED_MS) => dataKeys.get(owner ?? '', believedMs);

  /** Key-encryption keys; of a deployment that was never served its first is made. */
  async function heldKeks(reading: Promise<Keks>): Promise<Keks> {
    const held = await reading;
    if (source === null || held.byId.size + held.shut.length > 0) return held;
    await addFirstKek(database, (await makeKek(source)).stored);
    return keks.get('', 0);
  }

  async function newest<Key>(
    owner: KeyOwner,
    purpose: KeyPurpose,
    among: Among<Key>,
    believedMs = BELIEVED_MS,
  ): Promise<Key> {
    const known = among(await of(owner, believedMs)).at(-1);
    if (known !== undefined) return known;
    const { newest: kek } = await heldKeks(keks.get(''));
    if (kek === undefined) throw new Error('no key-encryption key opens');
    await addFirstDataKey(database, owner, await makeDataKey(kek, owner, purpose));
    const made = among(await of(owner, 0)).at(-1);
    if (made === undefined) throw new Error('a data key was stored and is not there');
    return made;
  }

  async function find<Key extends { readonly id: string }>(
    owner: KeyOwner,
    keyId: string,
    among: Among<Key>,
  ) {
    const isWanted = ({ id }: Key) => id === keyId;
    return among(await of(owner)).find(isWanted) ?? among(await of(owner, 0)).find(isWanted);
  }

  return {
    async check() {
      if (source === null) return [NO_SOURCE];
      try {
        const held = await heldKeks(keks.get('', 0));
        return held.shut.map((keyId) => doesNotOpen(keyId, source));
      } catch (error) {
        if (error instanceof KmsFailure) return [error.message];
        throw error;
      }
    },
    sealing: (owner) => newest(owner, 'secrets', SECRETS),
    async blobKey(tenant, id, believedMs) {
      if (id === null) return newest(tenant, 'blobs', BLOBS, believedMs);
      return (await find(tenant, id, BLOBS)) ?? null;
    },
    async open(owner, envelope, place) {
      const keyId = keyIdOf(envelope);
      const key = keyId === null ? undefined : await find(owner, keyId, SECRETS);
      return key === undefined ? null : openEnvelope(key, envelope, place);
    },
  };
}

const NO_SOURCE =
  'There is no key for secrets at rest: set KEY_PASSPHRASE to a passphrase of at least 20 characters and keep it, or name a KMS by KMS_KEY (docs/keys.md)';

function doesNotOpen(keyId: string, { settings }: KekSource): string {
  return `What ${settings} gives does not open the key-encryption key ${keyId} of this database: set what the database was started with; docs/keys.md says how to change it`;
}

async function readKeks(database: Database, source: KekSource | null): Promise<Keks> {
  if (source === null) throw new Error(NO_SOURCE);
  const opened: EnvelopeKey[] = [];
  const shut: string[] = [];
  for (const stored of await findKeks(database)) {
    const key = await openKek(source, stored);
    if (key === null) shut.push(stored.keyId);
    else opened.push(key);
  }
  const byId = new Map(opened.map((key) => [key.id, key]));
  const newest = opened.at(-1);
  return newest === undefined ? { byId, shut } : { newest, byId, shut };
}

async function readDataKeys(database: Database, keks: Remembered<Keks>, owner: KeyOwner): Promise<DataKeys> {
  const secrets: EnvelopeKey[] = [];
  const blobs: BlobKey[] = [];
  for (const stored of await findDataKeys(database, owner)) {
    const bytes =
      (await unwrapDataKey(await keks.get(''), owner, stored)) ??
      // A rotation may have wrapped it anew since. Only our own rows name keys, so nobody can have this asked at will.
      (await unwrapDataKey(await keks.get('', 0), owner, stored));
    if (bytes === null) throw new Error(`the data key ${stored.keyId} opens with no key at hand`);
    if (stored.purpose === 'secrets') secrets.push(await importEnvelopeKey(stored.keyId, bytes));
    else blobs.push(await importBlobKey(stored.keyId, bytes));
  }
  return { secrets, blobs };
}
