import type { Env } from '../env.ts';
import { type Argon2id, type KekSource, passphraseSource } from './kek-source.ts';

/** Where this deployment has its key-encryption keys from; null where nothing is set. */
export function sourceOf(env: Pick<Env, 'KEY_PASSPHRASE' | 'KEY_PASSPHRASE_PREVIOUS'>): KekSource | null {
  const { KEY_PASSPHRASE: passphrase, KEY_PASSPHRASE_PREVIOUS: previous } = env;
  if (passphrase === undefined) return null;
  return passphraseSource(previous === undefined ? [passphrase] : [passphrase, previous], deriveInWorker);
}

/** Its WebAssembly is loaded where a key is derived, and so not where this file is read outside of workerd. */
const deriveInWorker: Argon2id = async (passphrase, salt, costs) => {
  const { deriveArgon2id } = await import('../identity/derive-argon2id.ts');
  return deriveArgon2id(passphrase, salt, costs);
};
