import { makeNoteKeys } from '../../protocol/signed-note.ts';
import type { StoredAuditKey } from '../database/audit-log.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { type Place, sealEnvelope } from '../seal/envelope.ts';

/** Makes the key that signs checkpoints of `origin`. Its private half is never outside of an envelope. */
export async function makeAuditKey(keys: Pick<KeyStore, 'sealing'>, origin: string): Promise<StoredAuditKey> {
  const { publicKey, privateKey } = await makeNoteKeys(origin);
  return {
    public_key: publicKey,
    private_key: await sealEnvelope(await keys.sealing(null), privateKey, placeOfKey(publicKey)),
  };
}

/**
 * The private half.
 *
 * @throws Error where no key of the platform opens it
 */
export async function openAuditKey(keys: Pick<KeyStore, 'open'>, stored: StoredAuditKey): Promise<string> {
  const opened = await keys.open(null, stored.private_key, placeOfKey(stored.public_key));
  if (opened === null) throw new Error('the audit key opens with no key of the platform');
  return opened;
}

/** What binds an envelope to the row of its key. */
function placeOfKey(publicKey: string): Place {
  return { table: 'app.audit_keys', column: 'private_key', row: publicKey, tenant: null };
}
