import type { CallEvent } from '../audit/call-record.ts';
import type { Identity, Principal } from '../tenants/principal.ts';
import type { TenantRole } from '../tenants/roles.ts';
import type { Database } from './database.ts';
import { DatabaseError } from './errors.ts';
import { onlyRow, type Query, query, type ResultsOf, type Row } from './query.ts';
import { mintTicket } from './ticket.ts';

/**
 * The one door to a tenant's data. Enters the tenant and runs the queries in the same transaction and the same single
 * HTTP request; what they can see and write is decided there by row security, from what `app.enter` verified.
 *
 * @returns one result for each query, in order
 * @throws EntryRefused when the principal may not, or may no longer, act; then none of the queries ran
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function withTenant<const Queries extends readonly Query<unknown>[]>(
  database: Database,
  principal: Principal,
  queries: Queries,
): Promise<ResultsOf<Queries>> {
  return (await withTenantAs(database, principal, queries)).results;
}

/** {@link withTenant}, with who entered: for an operation that writes or shows the person's name. */
export async function withTenantAs<const Queries extends readonly Query<unknown>[]>(
  database: Database,
  principal: Principal,
  queries: Queries,
): Promise<{ readonly identity: Identity; readonly results: ResultsOf<Queries> }> {
  try {
    return await enterAndRun(database, principal, queries);
  } catch (error) {
    if (!lostToSameKey(error)) throw error;
    return await enterAndRun(database, principal, queries);
  }
}

/**
 * Of two transactions that race with one idempotency key the second is rolled back; a second try finds what the first
 * one answered.
 */
function lostToSameKey(error: unknown): boolean {
  return error instanceof DatabaseError && error.constraint === 'idempotency_keys_pkey';
}

async function enterAndRun<const Queries extends readonly Query<unknown>[]>(
  database: Database,
  principal: Principal,
  queries: Queries,
): Promise<{ readonly identity: Identity; readonly results: ResultsOf<Queries> }> {
  const ticket = await mintTicket(database.ticketKey, principal);
  const event = principal.record?.take() ?? null;
  try {
    const [identity, ...results] = await database.transaction([enterTenant(ticket, event), ...queries]);
    principal.entered?.(identity as Identity);
    return { identity: identity as Identity, results: results as ResultsOf<Queries> };
  } catch (error) {
    if (event !== null) principal.record?.giveBack();
    throw error;
  }
}

/** Enters and leaves: who this principal is now, as the database knows it. Throws as {@link withTenant} does. */
export async function enter(database: Database, principal: Principal): Promise<Identity> {
  return (await withTenantAs(database, principal, [] as const)).identity;
}

/** The same statement writes the audit event of the call. */
function enterTenant(ticket: string, event: CallEvent | null): Query<Identity> {
  const call = event === null ? null : JSON.stringify(event);
  return query('select app.enter($1, $2) as entered', [ticket, call], (rows) =>
    readIdentity(onlyRow(rows).entered as Row),
  );
}

function readIdentity(row: Row): Identity {
  return {
    tenantId: row.tenant_id as string,
    tenantName: row.tenant_name as string,
    userId: row.user_id as string | null,
    userName: row.user_name as string | null,
    userEmail: row.user_email as string | null,
    role: row.role as TenantRole | null,
    scopes: row.scopes as readonly string[],
    projects: row.projects as readonly string[] | null,
  };
}
