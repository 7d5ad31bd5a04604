import type { KeyStore } from '../keys/key-store.ts';
import {
  BlobDamaged,
  openSealed,
  plainBytes,
  sealed as seal,
  sealBytes,
  sealedBytes,
} from './blob-cipher.ts';
import type { StoredBlob } from './blob-store.ts';
import { measuredStream } from './measured-stream.ts';
import { takerOf } from './pieces.ts';
import type { RawStore } from './receive-blob.ts';

/** What became of a blob that should lie sealed with its tenant's newest key; `damaged` is one whose bytes are not those of its name. */
export type Resealed = 'sealed' | 'was_sealed' | 'absent' | 'damaged';

export interface SealedStore extends RawStore {
  /** Seals the blob at `path` with the newest key of its tenant, where it lies in the clear or under an earlier key. */
  reseal(path: string): Promise<Resealed>;
}

export interface Seals {
  readonly keys: Pick<KeyStore, 'blobKey'>;
  /** Whether a blob was stored before blobs were sealed, so that it may lie in the clear until it is first read. */
  readonly mayBeClear: (tenant: string, sha256: string) => Promise<boolean>;
}

/**
 * A store whose files are sealed with the keys of the tenants that own them, while they pass. A file opens at its own path alone, and a
 * blob's path holds its tenant and the SHA-256 of its bytes. What belongs to no tenant (checkpoints of the audit
 * log, which are public) lies as it is.
 */
export function sealedStore(raw: RawStore, { keys, mayBeClear }: Seals): SealedStore {
  /** What is sealed at `path`; null where nothing lies there, 'shut' where no key of the tenant opens it. */
  const open = async (
    path: string,
    tenant: string,
  ): Promise<(StoredBlob & { keyId: string }) | 'shut' | null> => {
    const stored = await raw.read(path);
    if (stored === null) return null;
    const opened = await openSealed(stored.body, (id) => keys.blobKey(tenant, id), path);
    if (opened === null) return 'shut';
    const bytes = plainBytes(stored.bytes);
    if (bytes !== null) return { ...opened, bytes };
    await opened.body.cancel();
    return 'shut';
  };
  /** Whether another request has sealed it meanwhile. */
  const isOpen = async (path: string, tenant: string): Promise<boolean> => {
    const opened = await open(path, tenant);
    if (opened === null || opened === 'shut') return false;
    await opened.body.cancel();
    return true;
  };
  const sealed: SealedStore = {
    async read(path) {
      const owner = ownerOf(path);
      if (owner === null) return raw.read(path);
      let opened = await open(path, owner.tenant);
      if (opened === 'shut' && (await mayBeClear(owner.tenant, owner.name))) {
        await sealed.reseal(path);
        opened = await open(path, owner.tenant);
      }
      if (opened === 'shut') throw new BlobDamaged(path, 'is not sealed with a key of its tenant, or cut');
      return opened;
    },
    has: (path) => raw.has(path),
    async write(path, body, bytes) {
      const owner = ownerOf(path);
      if (owner === null) return raw.write(path, body, bytes);
      const key = await keys.blobKey(owner.tenant, null);
      if (key === null) throw new Error('a tenant has no key for its blobs');
      const length = sealedBytes(bytes);
      if (body instanceof Uint8Array) return raw.write(path, await sealBytes(key, path, body), length);
      // R2 and HTTP stores want to know the length beforehand.
      return raw.write(path, seal(body, key, path).pipeThrough(new FixedLengthStream(length)), length);
    },
    remove: (path) => raw.remove(path),
    async reseal(path) {
      const owner = ownerOf(path);
      if (owner === null) throw new Error(`${path} is no blob of a tenant`);
      // Read anew: keys may have been rotated just before blobs are.
      const newest = await keys.blobKey(owner.tenant, null, 0);
      const opened = await open(path, owner.tenant);
      if (opened !== null && opened !== 'shut' && opened.keyId === newest?.id) {
        await opened.body.cancel();
        return 'was_sealed';
      }
      const found = opened === 'shut' ? await raw.read(path) : opened;
      if (found === null) return 'absent';
      // The last segment leaves only when the digest is right, and half a write leaves what was there.
      const passing = measuredStream(takerOf(found.body), found.bytes, owner.name);
      try {
        await sealed.write(path, passing.body, found.bytes);
        return 'sealed';
      } catch (error) {
        if (!passing.hasWrongSha256() && !(error instanceof BlobDamaged)) throw error;
        return (await isOpen(path, owner.tenant)) ? 'was_sealed' : 'damaged';
      }
    },
  };
  return sealed;
}

/** Whose a file is: of `<tenant>/<sha256>` and of what waits in `incoming/<tenant>/<attempt>`. */
function ownerOf(path: string): { readonly tenant: string; readonly name: string } | null {
  const [, tenant, name] = /^(?:incoming\/)?(ten_[0-9a-z]{26})\/(.+)$/.exec(path) ?? [];
  return tenant === undefined || name === undefined ? null : { tenant, name };
}
