import type { KeyStore } from '../../keys/key-store.ts';
import { type Place, sealEnvelope } from '../../seal/envelope.ts';

/** The secret half of a sink's access key, as it is stored. */
export async function sealSinkSecret(
  keys: Pick<KeyStore, 'sealing'>,
  tenant: string,
  sink: string,
  secret: string,
): Promise<string> {
  return sealEnvelope(await keys.sealing(tenant), secret, placeOf(tenant, sink));
}

/** Null where no key of the tenant opens it. */
export function openSinkSecret(
  keys: Pick<KeyStore, 'open'>,
  tenant: string,
  sink: string,
  envelope: string,
): Promise<string | null> {
  return keys.open(tenant, envelope, placeOf(tenant, sink));
}

function placeOf(tenant: string, row: string): Place {
  return { table: 'app.audit_sinks', column: 'secret_access_key', row, tenant };
}
