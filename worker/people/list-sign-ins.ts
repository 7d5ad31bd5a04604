import { type Member, type SignIn, selectMemberSignIns, selectMembers } from '../database/members.ts';
import type { Platform } from '../platform.ts';
import { keyOfCursor, type Page, pageOf } from '../tenants/page.ts';
import type { Principal } from '../tenants/principal.ts';
import { foundMember } from './list-members.ts';
import { withTenantOfPerson } from './person.ts';

/**
 * How a member signed in, newest first: for themselves, and for the admins and owners of the tenant. Refuses with
 * `insufficient_role`, whoever is asked about, or `not_found`. One database request.
 */
export async function listSignIns(
  platform: Platform,
  principal: Principal,
  asked: { readonly user: string; readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<SignIn> & { readonly member: Member }> {
  const before = keyOfCursor(asked.cursor);
  const needs = { scopes: [], role: asked.user === principal.userId ? null : ('admin' as const) };
  const [{ members }, signIns] = await withTenantOfPerson(platform, { ...principal, needs }, [
    selectMembers({ only: asked.user, rowsMax: 1 }),
    selectMemberSignIns(asked.user, { before, rowsMax: asked.limit + 1 }),
  ] as const);
  return { member: foundMember(members[0]), ...pageOf(signIns, asked.limit, ({ eventId }) => eventId) };
}
