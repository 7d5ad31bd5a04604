import type { TenantRole } from '../tenants/roles.ts';
import type { Database } from './database.ts';
import { onlyRow, type Query, query, readNothing } from './query.ts';

export interface StoredSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly userName: string;
  readonly userEmail: string;
  readonly authenticatedAt: string;
  readonly tenants: readonly {
    readonly tenantId: string;
    readonly name: string;
    readonly role: TenantRole;
  }[];
}

/** Facts of the request that a step is recorded with. */
export interface RecordedCall {
  readonly request: string;
  readonly address: string | null;
  readonly agent: string | null;
}

/** A session to open; of its cookie only the SHA-256 travels. */
export interface NewSession {
  readonly id: string;
  readonly cookieSha256: string;
  readonly idleSeconds: number;
  readonly absoluteSeconds: number;
}

export interface Account {
  readonly sessions: readonly {
    readonly sessionId: string;
    readonly createdAt: string;
    readonly lastSeenAt: string;
    readonly method: string;
    readonly address: string | null;
    readonly userAgent: string | null;
    readonly isCurrent: boolean;
  }[];
  readonly events: readonly {
    readonly occurredAt: string;
    readonly method: string;
    readonly outcome: string;
    readonly address: string | null;
    readonly userAgent: string | null;
  }[];
  readonly notices: readonly {
    readonly kind: 'recovery_created' | 'recovery_used';
    readonly details: { readonly email: string; readonly name: string };
    readonly createdAt: string;
  }[];
}

/** Who is behind a cookie at this moment, or null: absent, ended, expired, a disabled person. */
export async function findSession(
  database: Database,
  cookieSha256: string,
  idleSeconds: number,
): Promise<StoredSession | null> {
  const [found] = await database.transaction([
    query(
      'select app.system_read_session($1, $2) as session',
      [cookieSha256, idleSeconds],
      (rows) => onlyRow(rows).session as StoredSession | null,
    ),
  ]);
  return found;
}

/** The person's sessions, last sign-ins and unread notices; null without a session. */
export function selectAccount(cookieSha256: string): Query<Account | null> {
  return query(
    'select app.system_read_account($1) as account',
    [cookieSha256],
    ([row]) => (row?.account ?? null) as Account | null,
  );
}

/** Ends a session of the person whose cookie this is; false where it is absent or somebody else's. */
export function endSession(cookieSha256: string, sessionId: string, call: RecordedCall): Query<boolean> {
  return query(
    'select app.system_end_session($1, $2, $3) as ended',
    [cookieSha256, sessionId, JSON.stringify(call)],
    (rows) => onlyRow(rows).ended as boolean,
  );
}

/** Ends all sessions of the person but the one of this cookie; how many they were. */
export function endOtherSessions(cookieSha256: string, call: RecordedCall): Query<number> {
  return query(
    'select app.system_end_other_sessions($1, $2) as ended',
    [cookieSha256, JSON.stringify(call)],
    (rows) => onlyRow(rows).ended as number,
  );
}

export function dismissNotices(cookieSha256: string): Query<void> {
  return query('select app.system_dismiss_notices($1)', [cookieSha256], readNothing);
}
