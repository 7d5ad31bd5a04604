import { deriveInNode } from '../../cli/keys/open-source.ts';
import type { Argon2id } from '../../worker/keys/kek-source.ts';

const derived = new Map<string, ReturnType<Argon2id>>();

/** argon2id, once for each passphrase and salt: the isolates of a file would derive the same for a minute. */
export const deriveOnce: Argon2id = (passphrase, salt, costs) => {
  const name = JSON.stringify([passphrase, [...salt], costs]);
  const known = derived.get(name) ?? deriveInNode(passphrase, salt, costs);
  derived.set(name, known);
  return known;
};
