import type { Platform } from '../../platform.ts';
import type { Principal } from '../../tenants/principal.ts';
import { SESSION_HEADER } from './protocol.ts';
import { type Session, unsealSession } from './session-id.ts';

/** The session of a request of the 2025 era: null where it names none, `unknown` where it is not there, or not the caller's. */
export async function findSession(
  request: Request,
  method: string | null,
  platform: Platform,
  principal: Principal,
): Promise<Session | null | 'unknown'> {
  const header = request.headers.get(SESSION_HEADER);
  // A client that introduces itself begins anew, whatever it remembers.
  if (header === null || method === 'initialize') return null;
  const session = await unsealSession(platform.sealKey, principal, header);
  if (session === null) return 'unknown';
  const { TENANT_GATE } = platform.env;
  const hasEnded = await TENANT_GATE.get(TENANT_GATE.idFromName(principal.tenantId)).hasEnded(session.id);
  return hasEnded ? 'unknown' : session;
}
