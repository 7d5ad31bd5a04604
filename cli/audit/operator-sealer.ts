import type { Sealer } from '../../worker/audit/seal-log.ts';
import type { AuditOperator } from '../database/audit-operator.ts';
import { findSource } from '../keys/open-source.ts';
import { operatorKeys } from '../keys/operator-keys.ts';

/** Seals as the Worker does, from the operator's machine; null where no passphrase that opens the signing key is at hand. */
export function operatorSealer(
  { ask }: AuditOperator,
  options: { ownerUrl: string; state: string; databaseUrl?: string; origin: () => string },
): Sealer | null {
  const source = findSource(options);
  if (source === null) return null;
  return { ask, keys: operatorKeys(options.ownerUrl, source), origin: options.origin };
}
