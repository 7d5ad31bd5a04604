import type { TenantRole } from '../tenants/roles.ts';
import { callFunction } from './call-function.ts';
import type { ConnectedAgent } from './oauth-grants.ts';
import { countedRows, onlyRow, type Query, query } from './query.ts';

/** Rows of a page, perhaps one more than was asked for, which shows that there is a next page; `total` counts all pages. */
export interface Rows<Row> {
  readonly total: number;
  readonly rows: readonly Row[];
}

/** Behind which id a page begins ('' for the first), and how many rows to read. */
export interface Page {
  readonly before: string;
  readonly limit: number;
}

export interface TenantFacts {
  readonly tenantId: string;
  readonly name: string;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Null where an API token lives as long as its maker says. */
  readonly tokenLifetimeMaxSeconds: number | null;
}

/** The entered tenant. */
export function selectTenant(): Query<TenantFacts> {
  const sql = `
    select tenant_id, name, to_json(created_at) #>> '{}' as created_at,
           extract(epoch from token_lifetime_max)::float8 as token_lifetime_max
      from app.tenants where tenant_id = app.tenant_id()`;
  return query(sql, [], (rows) => {
    const row = onlyRow(rows);
    return {
      tenantId: row.tenant_id as string,
      name: row.name as string,
      createdAt: row.created_at as string,
      tokenLifetimeMaxSeconds: row.token_lifetime_max as number | null,
    };
  });
}

export type PersonStatus = 'active' | 'ended' | 'disabled';

export interface TenantPerson {
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly role: TenantRole;
  readonly status: PersonStatus;
}

/** The people of the entered tenant, former ones too, newest first; of one status only, or one person only, where named. */
export function selectPeople(
  wanted: { readonly status: PersonStatus | null; readonly userId: string | null },
  { before, limit }: Page,
): Query<Rows<TenantPerson>> {
  const sql = `
    with people as (
      select * from app.tenant_people()
       where ($1::text is null or status = $1) and ($2::text is null or user_id = $2)
    )
    select p.*, (select count(*)::integer from people) as total
      from (select 1) as one left join lateral (
        select * from people where $3 = '' or user_id < $3 order by user_id desc limit $4) as p on true`;
  return query(sql, [wanted.status, wanted.userId, before, limit], (rows) =>
    countedRows(rows, 'user_id', (row) => ({
      userId: row.user_id as string,
      name: row.name as string,
      email: row.email as string,
      role: row.role as TenantRole,
      status: row.status as PersonStatus,
    })),
  );
}

/** How many active members of the entered tenant have each role. */
export function countRoles(): Query<Readonly<Partial<Record<TenantRole, number>>>> {
  const sql = `select role, count(*)::integer as members from app.tenant_people() where status = 'active' group by role`;
  return query(sql, [], (rows) =>
    Object.fromEntries(rows.map(({ role, members }) => [role as TenantRole, members as number])),
  );
}

/** Timestamps are ISO 8601. */
export interface MemberSession {
  readonly session_id: string;
  readonly user_id: string;
  readonly name: string;
  readonly method: string;
  readonly created_at: string;
  readonly last_seen_at: string;
  readonly expires_at: string;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly is_current: boolean;
}

/** Living sessions of people who belong to the entered tenant alone, newest first; of one person only, where named. */
export function selectMemberSessions(userId: string | null, page: Page): Query<Rows<MemberSession>> {
  return query(
    'select app.system_member_sessions($1, $2, $3) as found',
    [userId, page.before, page.limit],
    (rows) => onlyRow(rows).found as Rows<MemberSession>,
  );
}

/** Ends one of them; refuses with `not_found`, also where it is an owner's and an admin asks. */
export function endMemberSession(sessionId: string) {
  return callFunction<object>('app.system_end_member_session($1)', [sessionId]);
}

/** The living grants of the entered tenant, newest first; of one person or to one client only, where named. */
export function selectGrants(
  wanted: { readonly userId: string | null; readonly clientId: string | null },
  { before, limit }: Page,
): Query<Rows<ConnectedAgent>> {
  const sql = `
    with grants as (
      select a.*, p.name as user_name from app.connected_agents() as a join app.tenant_people() as p using (user_id)
       where ($1::text is null or user_id = $1) and ($2::text is null or client_id = $2)
    )
    select g.grant_id, g.user_id, g.user_name, g.client_id, g.client_name, g.scopes,
           to_json(g.created_at) #>> '{}' as created_at, to_json(g.last_used_at) #>> '{}' as last_used_at,
           to_json(g.expires_at) #>> '{}' as expires_at, (select count(*)::integer from grants) as total
      from (select 1) as one left join lateral (
        select * from grants where $3 = '' or grant_id < $3 order by grant_id desc limit $4) as g on true`;
  return query(sql, [wanted.userId, wanted.clientId, before, limit], (rows) =>
    countedRows(rows, 'grant_id', (row) => ({
      grantId: row.grant_id as string,
      userId: row.user_id as string,
      userName: row.user_name as string,
      clientId: row.client_id as string,
      clientName: row.client_name as string,
      scopes: row.scopes as readonly string[],
      createdAt: row.created_at as string,
      lastUsedAt: row.last_used_at as string | null,
      expiresAt: row.expires_at as string,
    })),
  );
}
