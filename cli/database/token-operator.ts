import type pg from 'pg';
import type { TenantId, TokenId, UserId } from '../../protocol/ids.ts';
import { Failure } from '../terminal/failure.ts';
import { answerOf } from './answer-of.ts';

export interface TokenRow {
  readonly token_id: TokenId;
  readonly name: string;
  readonly email: string;
  readonly scopes: readonly string[];
  readonly role_ceiling: string | null;
  /** The only networks from which it may be used; null: from everywhere. */
  readonly address_ranges: readonly string[] | null;
  /** Ids of the only projects that it reaches; null: all of its person. */
  readonly project_ids: readonly string[] | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  /** Of the last request that was let in, as the request log knows it a second later. */
  readonly last_used_at: Date | null;
}

/** An entry of the request log. */
export interface TokenUseRow {
  readonly occurred_at: Date;
  readonly credential_id: string | null;
  readonly method: string | null;
  readonly target: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
  readonly latency_ms: number | null;
  readonly outcome: string;
  readonly reason: string | null;
  /** For how many entries that found no room this one stands. */
  readonly dropped: number | null;
  readonly request_id: string;
}

export interface NewToken {
  readonly tenant: TenantId;
  readonly token: TokenId;
  readonly user: UserId;
  readonly name: string;
  /** A PHC string of argon2id. */
  readonly hash: string;
  readonly scopes: readonly string[];
  readonly roleCeiling: string | null;
  readonly expiresAt: Date | null;
  readonly addressRanges: readonly string[] | null;
  /** Ids or names of the only projects that it is to reach; null: all of its person. */
  readonly projects: readonly string[] | null;
}

/** A successor of a token: whose it is, and when it and the old one end. */
export interface Rotated {
  readonly tenant: TenantId;
  readonly expiresAt: Date | null;
  readonly oldUntil: Date;
}

/** What an operator can do with API tokens. */
export interface TokenOperator {
  /** Throws where the person is no member or does not see a project, or the tenant lets no token live so long. */
  createToken(token: NewToken): Promise<void>;
  /** Null where the old token is not alive; throws where it was rotated before, or the tenant lets no token live so long. */
  rotateToken(rotation: {
    old: TokenId;
    token: TokenId;
    hash: string;
    overlapMs: number;
  }): Promise<Rotated | null>;
  /** Bounds how long new tokens of a tenant may live; null lifts it. False where there is no such tenant. */
  capTokenLifetime(tenant: TenantId, lifetimeMsMax: number | null): Promise<boolean>;
  listTokens(tenant: TenantId): Promise<readonly TokenRow[]>;
  /** The newest entries of the request log, of one token or agent or of all; newest first. */
  listTokenUses(
    tenant: TenantId,
    credential: string | null,
    rowsMax: number,
  ): Promise<readonly TokenUseRow[]>;
  /** False where no such token is alive. */
  revokeToken(token: TokenId): Promise<boolean>;
}

export function tokenOperatorOn(client: pg.Client): TokenOperator {
  const ask = (sql: string, values: readonly unknown[]) => answerOf<Answer>(client, sql, values);
  return {
    async createToken(token) {
      const answer = await ask(
        `select app.create_api_token($1, $2, $3, $4, $5, $6, $7, $8,
           (select array_agg(network(range::inet)) from unnest($9::text[]) as range), $10) as answer`,
        [
          token.tenant,
          token.token,
          token.user,
          token.name,
          token.hash,
          token.scopes,
          token.roleCeiling,
          token.expiresAt,
          token.addressRanges,
          token.projects,
        ],
      );
      if (!answer.ok) throw refused('the token could not be made', answer);
    },
    async rotateToken({ old, token, hash, overlapMs }) {
      const sql = 'select app.rotate_api_token($1, $2, $3, make_interval(secs => $4)) as answer';
      const answer = await ask(sql, [old, token, hash, overlapMs / 1000]);
      if (answer.code === 'token_not_found') return null;
      if (!answer.ok || !answer.tenant_id || !answer.old_until)
        throw refused('the token could not be rotated', answer);
      return {
        tenant: answer.tenant_id,
        expiresAt: answer.expires_at ? new Date(answer.expires_at) : null,
        oldUntil: new Date(answer.old_until),
      };
    },
    async capTokenLifetime(tenant, lifetimeMsMax) {
      const sql = 'select app.cap_token_lifetime($1, make_interval(secs => $2)) as answer';
      return (await ask(sql, [tenant, lifetimeMsMax === null ? null : lifetimeMsMax / 1000])).ok;
    },
    async listTokens(tenant) {
      return (await client.query<TokenRow>('select * from app.list_api_tokens($1)', [tenant])).rows;
    },
    async listTokenUses(tenant, credential, rowsMax) {
      const sql = 'select * from app.list_token_uses($1, $2, $3)';
      return (await client.query<TokenUseRow>(sql, [tenant, credential, rowsMax])).rows;
    },
    async revokeToken(token) {
      return (await ask('select app.revoke_api_token($1) as answer', [token])).ok;
    },
  };
}

interface Answer {
  readonly ok: boolean;
  readonly code?: string;
  readonly tenant_id?: TenantId;
  readonly expires_at?: string | null;
  readonly old_until?: string;
  readonly details?: { readonly successor?: string; readonly project?: string };
}

/** Why a token was not made or rotated. */
function refused(what: string, { code, details }: Answer): Failure {
  switch (code) {
    case 'token_rotated':
      return new Failure({
        what,
        why: `it was before, to ${details?.successor}`,
        remedy: `rotate or revoke that one: ./causeway token rotate ${details?.successor}`,
      });
    case 'project_not_found':
      return new Failure({
        what,
        why: `its person sees no project ${details?.project}, or more than one of that name`,
        remedy: 'name the project by its id (prj_...): whoami and list_projects show what a person sees',
      });
    case 'token_lifetime_too_long':
      return new Failure({
        what,
        why: 'its tenant does not let a token live so long',
        remedy: 'make it with a shorter --expires, or change the bound: ./causeway token limit',
      });
    default:
      return new Failure({ what, why: `${code}`, remedy: 'see docs/errors.md' });
  }
}
