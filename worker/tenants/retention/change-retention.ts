import {
  type Retention,
  type RetentionWish,
  selectRetention,
  setRetention,
} from '../../database/retention.ts';
import { Refusal } from '../../http/refusal.ts';
import { withTenantOfPerson } from '../../people/person.ts';
import type { Platform } from '../../platform.ts';
import type { Principal } from '../principal.ts';

/** For how long a tenant keeps what. */
export async function readRetention(platform: Platform, principal: Principal): Promise<Retention> {
  const [retention] = await withTenantOfPerson(platform, principal, [selectRetention()] as const);
  return retention;
}

/** Sets it; what is over its time then goes within days. Refuses who is no owner, and every agent. */
export async function changeRetention(
  platform: Platform,
  principal: Principal,
  wish: RetentionWish,
): Promise<Retention> {
  const [answer] = await withTenantOfPerson(platform, principal, [setRetention(wish)] as const);
  if (!answer.ok) throw new Refusal('insufficient_role', 'Only an owner says how long things are kept.');
  return answer.retention;
}
