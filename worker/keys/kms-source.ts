import { decodeBase64, encodeBase64 } from '../blobs/base64.ts';
import type { KekSource, KeyBytes } from './kek-source.ts';

/**
 * A key management service (KMS): it keeps a key that never leaves it, and wraps the key-encryption key with that. Any will do that
 * tells what it wrapped from what it did not.
 */
export interface Kms {
  /** Rejects with {@link KmsFailure} where it does not answer or refuses. */
  wrap(bytes: KeyBytes): Promise<KeyBytes>;
  /** Null where it says that this is nothing that its key wrapped. Rejects with {@link KmsFailure} where it does not answer or refuses. */
  unwrap(wrapped: KeyBytes): Promise<KeyBytes | null>;
}

/** A KMS is away, or does not do what it is asked. The message is a sentence with its remedy, and holds no secret. */
export class KmsFailure extends Error {
  override readonly name = 'KmsFailure';
}

/** Keys of random bytes that a KMS wraps; what is stored is of no use without it. */
export function kmsSource(kms: Kms): KekSource {
  return {
    settings: 'KMS_KEY',
    get maker() {
      return this;
    },
    async make() {
      const bytes = crypto.getRandomValues(new Uint8Array(32));
      return { recipe: { kind: 'kms', wrapped: encodeBase64(await kms.wrap(bytes)) }, bytes };
    },
    async open(recipe) {
      if (recipe.kind !== 'kms') return [];
      const bytes = await kms.unwrap(decodeBase64(recipe.wrapped));
      return bytes === null ? [] : [bytes];
    },
  };
}
