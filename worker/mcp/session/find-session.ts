import type { SealKey } from '../../seal/seal.ts';
import type { Principal } from '../../tenants/principal.ts';
import { SESSION_HEADER } from './protocol.ts';
import { type OwnedSession, ownSession, type Session, unsealSession } from './session-id.ts';

/** What a request says of the session that it belongs to: `unknown` is an id that opens to nothing. */
export type NamedSession = OwnedSession | null | 'unknown';

/** The session that a request names. Whose the request is need not be known yet, nor is it told whether the session was deleted. */
export async function readSession(request: Request, key: SealKey): Promise<NamedSession> {
  const header = request.headers.get(SESSION_HEADER);
  if (header === null) return null;
  return (await unsealSession(key, header)) ?? 'unknown';
}

/** The id by which the tenant's gate remembers a deleted session; null where there is none to ask about. */
export function idOf(named: NamedSession): string | null {
  return named === null || named === 'unknown' ? null : named.session.id;
}

/** The caller's session: null where it names none, `unknown` where it is not there, or not the caller's. Pure. */
export function findSession(
  named: NamedSession,
  who: Pick<Principal, 'tenantId' | 'credential'>,
  hasEnded: boolean,
): Session | null | 'unknown' {
  if (named === null) return null;
  return named === 'unknown' || hasEnded ? 'unknown' : (ownSession(named, who) ?? 'unknown');
}
