import { createHash } from 'node:crypto';
import type { KekSource } from '../../worker/keys/kek-source.ts';
import { openKek, type StoredKek } from '../../worker/keys/key-encryption-key.ts';
import { openEnvelope, type Place, sealEnvelope } from '../../worker/seal/envelope.ts';

/**
 * Seals the SHA-256 of a manifest with the newest key-encryption key: who lacks the passphrase can neither make nor change a backup
 * that is believed. Null where the source opens none of the keys.
 */
export async function sealManifest(
  text: string,
  id: string,
  keks: readonly StoredKek[],
  source: KekSource,
): Promise<string | null> {
  for (const stored of keks.toReversed()) {
    const key = await openKek(source, stored);
    if (key !== null) return sealEnvelope(key, sha256Of(text), placeOf(id));
  }
  return null;
}

export type SealVerdict = 'proven' | 'wrong_passphrase' | 'forged';

/** Whether `seal` is of this manifest. Nothing of the manifest is believed before, but for how its keys are derived. */
export async function proveManifest(
  text: string,
  { id, keks, seal }: { readonly id: string; readonly keks: readonly StoredKek[]; readonly seal: string },
  source: KekSource,
): Promise<SealVerdict> {
  let opened = 0;
  for (const stored of keks) {
    const key = await openKek(source, stored);
    if (key === null) continue;
    opened += 1;
    if ((await openEnvelope(key, seal, placeOf(id))) === sha256Of(text)) return 'proven';
  }
  return opened === 0 ? 'wrong_passphrase' : 'forged';
}

function placeOf(id: string): Place {
  return { table: 'causeway-backup/1', column: 'manifest', row: id, tenant: null };
}

function sha256Of(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
