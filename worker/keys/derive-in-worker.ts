import type { Argon2id } from './kek-source.ts';

/** Its WebAssembly is loaded where a key is derived, and so not where this file is read outside of workerd. */
export const deriveInWorker: Argon2id = async (passphrase, salt, costs) => {
  const { deriveArgon2id } = await import('../identity/derive-argon2id.ts');
  return deriveArgon2id(passphrase, salt, costs);
};
