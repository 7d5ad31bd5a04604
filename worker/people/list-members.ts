import { type Member, selectMembers } from '../database/members.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import { keyOfCursor, type Page, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';
import { withTenantOfPerson } from './person.ts';

/** The members of a tenant of the person, by name. One database request. */
export async function listMembers(
  platform: Platform,
  principal: Principal,
  asked: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<Member> & { readonly total: number }> {
  const after = keyOfCursor(asked.cursor);
  const [{ total, members }] = await withTenantOfPerson(platform, principal, [
    selectMembers({ after, rowsMax: asked.limit + 1 }),
  ] as const);
  return { total, ...pageOf(members, asked.limit, ({ userId }) => userId) };
}

/** One member; refuses with `not_found` for who is none, here or anywhere. */
export async function readMember(platform: Platform, principal: Principal, userId: string): Promise<Member> {
  const [{ members }] = await withTenantOfPerson(platform, principal, [
    selectMembers({ only: userId, rowsMax: 1 }),
  ] as const);
  return foundMember(members[0]);
}

export function foundMember(member: Member | undefined): Member {
  if (member === undefined) throw new Refusal('not_found', 'There is no such member of this team.');
  return member;
}
