import { selectAuditRetention, setAuditRetention } from '../database/audit-log.ts';
import { Refusal } from '../http/refusal.ts';
import { withTenantOfPerson } from '../people/person.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';

/** For how many days a tenant keeps the contents of its events; null: for ever. */
export async function readRetention(platform: Platform, principal: Principal): Promise<number | null> {
  const [days] = await withTenantOfPerson(platform, principal, [selectAuditRetention()] as const);
  return days;
}

/** Sets it; what is older goes within days, and its proof stays. Refuses who is no owner. */
export async function changeRetention(
  platform: Platform,
  principal: Principal,
  days: number | null,
): Promise<number | null> {
  const [answer] = await withTenantOfPerson(platform, principal, [setAuditRetention(days)] as const);
  if (!answer.ok) throw new Refusal('insufficient_role', 'Only an owner says how long the log is kept.');
  return answer.days;
}
