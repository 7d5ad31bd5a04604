import type { KeyOwner } from '../../worker/keys/data-key.ts';
import type { KekSource } from '../../worker/keys/kek-source.ts';
import type { KeyStore } from '../../worker/keys/key-store.ts';
import { openWithAny } from '../../worker/seal/envelope.ts';
import { asKeyOperator } from '../database/key-operator.ts';
import { newestOf, type OpenedKeys, openKeks, openSecretKeys } from './open-keys.ts';

/** The keys of a deployment as its operator has them, who logs in as `causeway_owner`. */
export function operatorKeys(ownerUrl: string, source: KekSource): Pick<KeyStore, 'sealing' | 'open'> {
  const opened = new Map<KeyOwner, Promise<OpenedKeys>>();
  const keysOf = (owner: KeyOwner): Promise<OpenedKeys> => {
    const known = opened.get(owner);
    if (known !== undefined) return known;
    const opening = asKeyOperator(ownerUrl, async (operator) =>
      openSecretKeys(operator, await openKeks(operator, source), owner),
    );
    opened.set(owner, opening);
    return opening;
  };
  return {
    sealing: async (owner) => newestOf(await keysOf(owner)),
    async open(owner, envelope, place) {
      const byId = new Map((await keysOf(owner)).map((key) => [key.id, key]));
      return openWithAny({ byId }, envelope, place);
    },
  };
}
