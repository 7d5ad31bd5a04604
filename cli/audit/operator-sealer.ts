import type { Sealer } from '../../worker/audit/seal-log.ts';
import { deriveEnvelopeKey } from '../../worker/seal/envelope.ts';
import type { AuditOperator } from '../database/audit-operator.ts';
import { readSecrets } from '../stack/secrets.ts';
import { statePaths } from '../stack/state-paths.ts';

/**
 * Seals as the Worker does, from the operator's machine; null where SEAL_KEY, under which the signing key lies, is not at
 * hand.
 */
export function operatorSealer(
  { ask }: AuditOperator,
  { state, databaseUrl, origin }: { state: string; databaseUrl?: string; origin: () => string },
): Sealer | null {
  const isElsewhere = (databaseUrl ?? process.env.DATABASE_OWNER_URL) !== undefined;
  const sealKey = isElsewhere ? process.env.SEAL_KEY : readSecrets(statePaths(state))?.sealKey;
  if (sealKey === undefined) return null;
  return {
    ask,
    envelopeKey: () => deriveEnvelopeKey(sealKey, 'audit signing key'),
    origin,
  };
}
