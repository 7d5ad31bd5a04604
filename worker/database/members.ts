import type { TenantRole } from '../tenants/roles.ts';
import { callFunction } from './call-function.ts';
import { isoOf, isoOrNull } from './moment.ts';
import { type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** Somebody who belongs to the entered tenant. */
export interface Member {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: TenantRole;
  /** `disabled`: the operator has closed the person's account everywhere. */
  readonly status: 'active' | 'disabled';
  /** ISO 8601; of the first time, for who came back. */
  readonly joinedAt: string;
  /** Null where they never did, or where the reader may not know: the person, admins and owners may. */
  readonly lastSignInAt: string | null;
}

export interface MemberPage {
  /** Members of the tenant, on whatever page. */
  readonly total: number;
  readonly members: readonly Member[];
}

/** Members by name, after one of them or only one of them; nothing but for a session. */
export function selectMembers(asked: {
  readonly after?: string | null;
  readonly only?: string | null;
  readonly rowsMax: number;
}): Query<MemberPage> {
  const params = [asked.after ?? null, asked.only ?? null, asked.rowsMax];
  return query('select * from app.system_list_members($1, $2, $3)', params, (rows) => ({
    total: Number(rows[0]?.total ?? 0),
    members: rows.map((row) => ({
      userId: row.user_id as string,
      name: row.name as string,
      email: row.email as string,
      role: row.role as TenantRole,
      status: row.status as Member['status'],
      joinedAt: isoOf(row.joined_at),
      lastSignInAt: isoOrNull(row.last_sign_in_at),
    })),
  }));
}

/** Refuses with `insufficient_role`, `not_found` or `last_owner`; answers with the role before. */
export function setMemberRole(userId: string, role: TenantRole): Query<SqlAnswer<{ role: TenantRole }>> {
  return callFunction('app.system_set_member_role($1, $2)', [userId, role]);
}

/** Ends a membership and all that hangs on it. Refuses as {@link setMemberRole} does; answers with the role before. */
export function endMembership(userId: string): Query<SqlAnswer<{ role: TenantRole }>> {
  return callFunction('app.system_remove_member($1)', [userId]);
}

export interface SignIn {
  readonly eventId: string;
  /** ISO 8601. */
  readonly occurredAt: string;
  readonly method: string;
  readonly outcome: string;
  readonly address: string | null;
  readonly userAgent: string | null;
}

/** How a member signed in, newest first; empty for who is neither that person nor admin or owner, and but for a session. */
export function selectMemberSignIns(
  userId: string,
  asked: { readonly before?: string | null; readonly rowsMax: number },
): Query<readonly SignIn[]> {
  const params = [userId, asked.before ?? null, asked.rowsMax];
  return query('select * from app.member_sign_ins($1, $2, $3)', params, (rows) =>
    rows.map((row) => ({
      eventId: row.event_id as string,
      occurredAt: isoOf(row.occurred_at),
      method: row.method as string,
      outcome: row.outcome as string,
      address: row.address as string | null,
      userAgent: row.user_agent as string | null,
    })),
  );
}
