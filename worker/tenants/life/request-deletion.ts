import { DELETION_GRACE_MS } from '../../../protocol/tenant-call.ts';
import {
  requestDeletion,
  selectWaitingDeletions,
  takeBackDeletion,
  type WaitingDeletion,
} from '../../database/tenant-life.ts';
import type { Call } from '../../http/call.ts';
import { Refusal } from '../../http/refusal.ts';
import { log } from '../../log.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Session } from '../../people/session.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../principal.ts';
import { attendTenant } from './attend.ts';

/** For an owner, who writes the team's name: suspends it at once, and deletes it when the grace is over; tells when that is. */
export async function requestTenantDeletion(
  platform: Platform,
  principal: Principal,
  wish: { readonly name: string; readonly reason: string | null },
): Promise<string> {
  const [answer] = await withTenantOfPerson(platform, principal, [
    requestDeletion(wish.name, wish.reason, DELETION_GRACE_MS),
  ] as const);
  if (!answer.ok && answer.code === 'invalid_arguments')
    throw new Refusal('invalid_arguments', 'That is not the name of the team, so nothing was done.');
  if (!answer.ok) throw new Refusal('insufficient_role', 'Only an owner deletes a team.');
  // It is done; what is left to do now comes with the next minute at the latest.
  await attendTenant(platform, principal.tenantId).catch((error: unknown) =>
    log('error', 'attend-tenant', { tenant: principal.tenantId, error: String(error) }),
  );
  return answer.due_at;
}

/** Teams of a person that wait for their deletion. */
export async function listWaitingDeletions(
  platform: Platform,
  { cookieSha256 }: Session,
): Promise<readonly WaitingDeletion[]> {
  const [waiting] = await platform.database.transaction([selectWaitingDeletions(cookieSha256)] as const);
  return waiting;
}

/** For an owner: the team is as it was before. */
export async function keepTenant(
  platform: Platform,
  session: Session,
  tenant: string,
  { requestId, address, userAgent }: Call,
): Promise<void> {
  const call = { request: requestId, address, agent: userAgent };
  const [answer] = await platform.database.transaction([
    takeBackDeletion(session.cookieSha256, tenant, call),
  ] as const);
  if (answer.ok) return;
  throw new Refusal('not_found', 'No team of yours that waits for its deletion has this address.');
}
