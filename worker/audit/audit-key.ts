import { makeNoteKeys } from '../../protocol/signed-note.ts';
import type { StoredAuditKey } from '../database/audit-log.ts';
import { type EnvelopeKey, openEnvelope, sealEnvelope } from '../seal/envelope.ts';

/** Makes the key that signs checkpoints of `origin`. Its private half is never outside of an envelope. */
export async function makeAuditKey(envelopeKey: EnvelopeKey, origin: string): Promise<StoredAuditKey> {
  const { publicKey, privateKey } = await makeNoteKeys(origin);
  return {
    public_key: publicKey,
    private_key: await sealEnvelope(envelopeKey, privateKey, rowOfKey(publicKey)),
  };
}

/**
 * The private half.
 *
 * @throws Error where SEAL_KEY is not the one under which it was sealed
 */
export async function openAuditKey(envelopeKey: EnvelopeKey, stored: StoredAuditKey): Promise<string> {
  const opened = await openEnvelope(envelopeKey, stored.private_key, rowOfKey(stored.public_key));
  if (opened === null) throw new Error('the audit key does not open with SEAL_KEY');
  return opened;
}

/** What binds an envelope to the row of its key. */
function rowOfKey(publicKey: string): string {
  return `app.audit_keys:${publicKey}`;
}
