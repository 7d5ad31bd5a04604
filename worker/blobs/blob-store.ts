import type { TenantId } from '../../protocol/ids.ts';
import type { ReceivedBlob, Transfer } from './receive-blob.ts';

/** A blob's name: content-addressed, and apart by tenant, so that equal bytes of two tenants never meet. */
export interface BlobKey {
  readonly tenant: TenantId | string;
  /** SHA-256 of the bytes, lowercase hex. */
  readonly sha256: string;
}

export interface StoredBlob {
  readonly body: ReadableStream<Uint8Array>;
  readonly bytes: number;
}

/** The narrow interface to an object store. What is written under a key has that SHA-256; a reader may rely on it. */
export interface BlobStore {
  /** The blob, or null where there is none. */
  get(key: BlobKey): Promise<StoredBlob | null>;
  has(key: BlobKey): Promise<boolean>;
  /**
   * Stores `body`, which is `bytes` long. A blob that is there already is left as it is, unread. Bytes that are not the
   * key's are refused, and nothing stays.
   */
  put(
    key: BlobKey,
    body: ReadableStream<Uint8Array> | Uint8Array<ArrayBuffer>,
    bytes: number,
  ): Promise<PutResult>;
  /** Takes the blob away; one that is not there is gone already. */
  remove(key: BlobKey): Promise<void>;
  /** Reads `body` to its end and stores it under the digest that it turns out to have. */
  receive(transfer: Transfer, body: ReadableStream<Uint8Array>): Promise<ReceivedBlob>;
}

/**
 * Whether a blob in the store stays. `named`: it is not due to be removed. `waits`: nothing names it, so it will be
 * removed after some time, which this question has begun anew. `going`: it is being removed.
 */
export type Keeping = 'named' | 'waits' | 'going';
export type Keep = (key: BlobKey) => Promise<Keeping>;

/** `digest_mismatch` is also a body of another length. */
export type PutResult = 'stored' | 'already_there' | 'digest_mismatch';

/** Where a blob lies in the store: `<tenant>/<sha256>`. */
export function blobPath(key: BlobKey): string {
  return `${key.tenant}/${key.sha256}`;
}
