import { FLEET_SCHEME, FLEET_WINDOW_SECONDS, fleetStatement } from '../../../protocol/fleet-call.ts';
import { idPattern } from '../../../protocol/ids.ts';
import type { TicketKey } from '../../database/ticket.ts';
import { isSignedBy } from '../../identity/is-signed-by.ts';

const POOL = idPattern('pool').slice(1, -1);
const FORM = new RegExp(`^${FLEET_SCHEME} (${POOL})\\.([0-9]{1,12})\\.([0-9a-f]{64})$`);

/** The pool that an `Authorization` header of the operator (protocol/fleet-call.ts) is about; null where it is not signed by the database, lately. */
export async function readFleetCall(
  key: TicketKey,
  header: string | null,
  nowMs: number,
): Promise<string | null> {
  const [, pool, seconds, signature] = FORM.exec(header ?? '') ?? [];
  if (pool === undefined || signature === undefined) return null;
  if (Math.abs(nowMs / 1000 - Number(seconds)) > FLEET_WINDOW_SECONDS) return null;
  return (await isSignedBy(key, fleetStatement(pool, Number(seconds)), signature)) ? pool : null;
}
