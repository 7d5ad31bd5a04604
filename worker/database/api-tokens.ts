import type { TenantRole } from '../tenants/roles.ts';
import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { isoOf, isoOrNull } from './moment.ts';
import { onlyRow, type Query, query } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';

/** What the secret of a presented token is checked against, and whose token it is. */
export type StoredApiToken = { readonly argon2id: string; readonly userId: string };

/**
 * Finds a token by the ids that it carries, before anyone has entered its tenant. A revoked or expired token is found
 * too: `app.enter` refuses it with its reason, and only to a caller who knew the secret.
 *
 * @returns null where that tenant has no such token
 * @throws DatabaseUnavailable, DatabaseError
 */
export async function findApiToken(
  database: Database,
  presented: { readonly tenant: string; readonly token: string },
): Promise<StoredApiToken | null> {
  const [found] = await database.transaction([selectApiToken(presented.token)]);
  return found !== null && found.tenantId === presented.tenant ? found : null;
}

function selectApiToken(tokenId: string): Query<(StoredApiToken & { readonly tenantId: string }) | null> {
  return query('select tenant_id, user_id, argon2id_hash from app.find_api_token($1)', [tokenId], ([row]) =>
    row === undefined
      ? null
      : {
          tenantId: row.tenant_id as string,
          userId: row.user_id as string,
          argon2id: row.argon2id_hash as string,
        },
  );
}

/** A token as lists show it. */
export interface ListedToken {
  readonly tokenId: string;
  readonly name: string;
  readonly userId: string;
  readonly userName: string;
  readonly scopes: readonly string[];
  /** The most that it may do, whatever its person may; null: what the person may. */
  readonly roleCeiling: TenantRole | null;
  /** Networks from which alone it may be used; null: from everywhere. */
  readonly networks: readonly string[] | null;
  /** The only ones that it reaches; null: all that its person does. Who may not see one is not told its name. */
  readonly projects: readonly { readonly id: string; readonly name: string | null }[] | null;
  /** ISO 8601. */
  readonly createdAt: string;
  /** Null: it lives until it is revoked. */
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  /** Of the last request that was let in, as the request log knows it a second later. */
  readonly lastUsedAt: string | null;
  /** What it was rotated to. */
  readonly successorId: string | null;
  readonly isAlive: boolean;
}

/** Tokens that the person may see; `$1`: also those that have ended, `$2`: of one person only. */
const SEEN = `app.is_in_session()
     and (k.user_id = app.user_id() or app.role_rank(app.role()) >= app.role_rank('admin'))
     and ($1 or (k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp())))
     and ($2::text is null or k.user_id = $2)`;

const LIST = `
  select k.token_id, k.name, k.user_id, p.name as user_name, k.scopes, k.role_ceiling, k.address_ranges::text[] as networks,
         (select jsonb_agg(jsonb_build_object('id', id, 'name', p.name) order by p.name, id)
            from unnest(k.project_ids) as id
            left join app.projects as p on p.tenant_id = k.tenant_id and p.project_id = id) as projects,
         k.created_at, k.expires_at, k.revoked_at, l.last_used_at, k.successor_id,
         k.revoked_at is null and (k.expires_at is null or k.expires_at > clock_timestamp()) as is_alive
    from app.api_tokens as k
    join app.tenant_people() as p using (user_id)
    left join app.token_last_uses as l on l.tenant_id = k.tenant_id and l.credential_id = k.token_id
   where ${SEEN} and ($3::text is null or k.token_id = $3)
     and ($4::text is null or k.token_id < $4)
   order by k.token_id desc limit $5`;

/** The person's own tokens, for admins and owners those of the whole tenant; newest first, nothing but for a session. */
export function selectTokens(asked: {
  /** Also those that are revoked or expired. */
  readonly isWithEnded: boolean;
  readonly user?: string | null;
  readonly only?: string | null;
  readonly before?: string | null;
  readonly rowsMax: number;
}): Query<readonly ListedToken[]> {
  const params = [
    asked.isWithEnded,
    asked.user ?? null,
    asked.only ?? null,
    asked.before ?? null,
    asked.rowsMax,
  ];
  return query(LIST, params, (rows) =>
    rows.map((row) => ({
      tokenId: row.token_id as string,
      name: row.name as string,
      userId: row.user_id as string,
      userName: row.user_name as string,
      scopes: row.scopes as readonly string[],
      roleCeiling: row.role_ceiling as TenantRole | null,
      networks: row.networks as readonly string[] | null,
      projects: row.projects as ListedToken['projects'],
      createdAt: isoOf(row.created_at),
      expiresAt: isoOrNull(row.expires_at),
      revokedAt: isoOrNull(row.revoked_at),
      lastUsedAt: isoOrNull(row.last_used_at),
      successorId: row.successor_id as string | null,
      isAlive: row.is_alive as boolean,
    })),
  );
}

/** How many tokens {@link selectTokens} would give on all its pages. */
export function countTokens(asked: {
  readonly isWithEnded: boolean;
  readonly user?: string | null;
}): Query<number> {
  const sql = `select count(*)::integer as total from app.api_tokens as k where ${SEEN}`;
  return query(sql, [asked.isWithEnded, asked.user ?? null], (rows) => onlyRow(rows).total as number);
}

/** How long a new token of the entered tenant may live, in seconds; null where the tenant sets no bound. */
export function selectTokenLifetimeMax(): Query<number | null> {
  const sql =
    'select extract(epoch from token_lifetime_max)::float8 as seconds from app.tenants where tenant_id = app.tenant_id()';
  return query(sql, [], ([row]) => (row?.seconds ?? null) as number | null);
}

/** A token to store; of its secret only the hash. */
export interface NewApiToken {
  readonly id: string;
  readonly name: string;
  /** A PHC string. */
  readonly argon2id: string;
  readonly scopes: readonly string[];
  readonly role: TenantRole;
  readonly lifetimeSeconds: number;
  /** None: it may be used from everywhere. */
  readonly networks: readonly string[];
  /** By id or name; none: all that its person reaches. */
  readonly projects: readonly string[];
}

/**
 * Makes a token of the acting person. Refuses with `insufficient_role`, `already_exists` (the id), `limit_exceeded` or
 * `invalid_arguments` (details.network, details.project, or details.seconds_max where it would live too long).
 */
export function createToken(
  token: NewApiToken,
  aliveMax: number,
): Query<SqlAnswer<{ readonly expires_at: string }>> {
  return callFunction('app.system_create_token($1, $2)', [JSON.stringify(token), aliveMax]);
}

/** Refuses with `not_found`, `already_exists` (rotated before, details.successor) or `invalid_arguments` (details.seconds_max). */
export function rotateToken(rotation: {
  readonly old: string;
  readonly id: string;
  readonly argon2id: string;
  readonly overlapSeconds: number;
}): Query<
  SqlAnswer<{ readonly name: string; readonly old_until: string; readonly expires_at: string | null }>
> {
  return callFunction('app.system_rotate_token($1, $2, $3, make_interval(secs => $4))', [
    rotation.old,
    rotation.id,
    rotation.argon2id,
    rotation.overlapSeconds,
  ]);
}

/** Ends one's own token, or as an admin anybody's of the tenant; refuses with `not_found`. */
export function revokeToken(tokenId: string): Query<SqlAnswer<object>> {
  return callFunction('app.system_revoke_token($1)', [tokenId]);
}
