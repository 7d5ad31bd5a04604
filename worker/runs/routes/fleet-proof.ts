import { FLEET_SCHEME, FLEET_WINDOW_SECONDS, fleetStatement } from '../../../protocol/fleet-call.ts';
import { idPattern } from '../../../protocol/ids.ts';
import type { TicketKey } from '../../database/ticket.ts';

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
  const statement = new TextEncoder().encode(fleetStatement(pool, Number(seconds)));
  const right = new Uint8Array(await crypto.subtle.sign('HMAC', key, statement));
  const given = Uint8Array.from(signature.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return isEqual(right, given) ? pool : null;
}

/** In the same time wherever they differ. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (const [index, byte] of a.entries()) difference |= byte ^ (b[index] ?? 0);
  return difference === 0;
}
