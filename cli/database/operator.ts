import type pg from 'pg';
import type { ExecutorId, Id, TenantId, TokenId, UserId } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import { Failure } from '../terminal/failure.ts';
import { withClient } from './with-client.ts';

export interface TokenRow {
  readonly token_id: TokenId;
  readonly name: string;
  readonly email: string;
  readonly scopes: readonly string[];
  readonly role_ceiling: string | null;
  /** Networks from which alone it may be used; null: from everywhere. */
  readonly address_ranges: readonly string[] | null;
  /** Ids of the only projects that it reaches; null: all of its person. */
  readonly project_ids: readonly string[] | null;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly revoked_at: Date | null;
  /** Of the last request that was let in, as the request log knows it a second later. */
  readonly last_used_at: Date | null;
}

/** An entry of the request log, newest first where there are several. */
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

export interface PoolRow {
  readonly pool_id: Id<'pool'>;
  readonly name: string;
  /** Whose runs alone it takes; null: a pool of the platform. */
  readonly owner_tenant: TenantId | null;
  readonly owner_name: string | null;
  readonly executors: number;
  readonly unfinished_runs: number;
}

export interface ExecutorRow {
  readonly executor_id: ExecutorId;
  readonly name: string;
  readonly pool_id: Id<'pool'>;
  readonly pool: string;
  readonly owner_tenant: TenantId | null;
  readonly offer: { readonly labels?: Labels; readonly slots: number; readonly engine: string } | null;
  readonly disconnected_at: Date | null;
  readonly cordoned_at: Date | null;
  readonly created_at: Date;
  readonly last_connected_at: Date | null;
  readonly revoked_at: Date | null;
}

/** Something that happened to the platform itself: an executor was let in, joined, was revoked. */
export interface PlatformEventRow {
  readonly event_id: string;
  readonly occurred_at: Date;
  readonly action: string;
  readonly target_id: string | null;
  readonly details: Readonly<Record<string, unknown>>;
  readonly address: string | null;
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

export interface NewPerson {
  readonly tenant: TenantId;
  readonly tenantName: string;
  readonly user: UserId;
  readonly email: string;
  readonly userName: string;
  readonly role: string;
}

export interface OwnerInvitation {
  readonly tenant: TenantId;
  readonly tenantName: string;
  readonly invitation: Id<'invitation'>;
  readonly email: string;
  readonly linkSha256: string;
  readonly lifetimeSeconds: number;
}

/** What an operator can do: functions of the database that only `causeway_owner` may call. */
export interface Operator {
  /** Makes the tenant, the person and the membership where they are absent. Returns the person's id. */
  provisionTenant(person: NewPerson): Promise<UserId>;
  /** Sets a person's password by its PHC string of argon2id, and ends their sessions. */
  setPassword(user: UserId, hash: string): Promise<void>;
  /** Makes a one-time link, known by its SHA-256 in hex, that makes an owner; and the tenant where it is absent. */
  inviteOwner(invitation: OwnerInvitation): Promise<void>;
  /** Makes a one-time link that sets a new password. False where nobody has the email. */
  createRecovery(recovery: { email: string; linkSha256: string; lifetimeSeconds: number }): Promise<boolean>;
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
  /** The newest entries of the request log, of one token or agent or of all. */
  listTokenUses(
    tenant: TenantId,
    credential: string | null,
    rowsMax: number,
  ): Promise<readonly TokenUseRow[]>;
  /** False where no such token is alive. */
  revokeToken(token: TokenId): Promise<boolean>;
  /** Stores a one-time join token of a pool by its SHA-256 in hex. False where there is no such pool. */
  createJoinToken(join: { pool: string; sha256: string; lifetimeSeconds: number }): Promise<boolean>;
  /** Makes a pool, of a tenant or (null) of the platform. Throws where the name is taken or there is no such tenant. */
  createPool(pool: { id: Id<'pool'>; owner: TenantId | null; name: string }): Promise<void>;
  listPools(): Promise<readonly PoolRow[]>;
  listExecutors(): Promise<readonly ExecutorRow[]>;
  /** Gives an executor no new runs, or lets it have them again. Its pool; null where no such executor is registered. */
  cordonExecutor(executor: ExecutorId, cordoned: boolean): Promise<Id<'pool'> | null>;
  /** Its pool; null where no such executor is registered. */
  revokeExecutor(executor: ExecutorId): Promise<Id<'pool'> | null>;
  /** Says where the runs of a tenant, or of one of its projects, go; null leaves as it is. Throws where that cannot be. */
  place(wish: {
    tenant: TenantId;
    project: string | null;
    placement: { pool?: string; labels?: Labels } | null;
    ownHostsOnly: boolean | null;
  }): Promise<void>;
  /** Signs a call that makes the Worker look at a pool now (protocol/fleet-call.ts). */
  signFleetCall(
    pool: Id<'pool'>,
  ): Promise<{ readonly seconds: number; readonly signatures: readonly string[] }>;
  /** Newest first. */
  listPlatformEvents(rowsMax: number): Promise<readonly PlatformEventRow[]>;
}

type Answer = {
  readonly ok: boolean;
  readonly code?: string;
  readonly user_id?: UserId;
  readonly tenant_id?: TenantId;
  readonly pool?: Id<'pool'>;
  readonly expires_at?: string | null;
  readonly old_until?: string;
  readonly details?: { readonly successor?: string; readonly project?: string; readonly runs?: number };
};

function refused(what: string, { code, details }: Answer): Failure {
  if (code === 'token_rotated') {
    return new Failure({
      what,
      why: `it was before, to ${details?.successor}`,
      remedy: `rotate or revoke that one: ./causeway token rotate ${details?.successor}`,
    });
  }
  if (code === 'project_not_found') {
    return new Failure({
      what,
      why: `its person sees no project ${details?.project}, or more than one of that name`,
      remedy: 'name the project by its id (prj_...): whoami and list_projects show what a person sees',
    });
  }
  if (code === 'runs_unfinished') {
    return new Failure({
      what,
      why: `${details?.runs} runs of it wait or run in a pool of the platform`,
      remedy: 'wait until they have ended, or cancel them, and try again',
    });
  }
  if (code !== 'token_lifetime_too_long')
    return new Failure({ what, why: `${code}`, remedy: 'see docs/errors.md' });
  return new Failure({
    what,
    why: 'its tenant does not let a token live so long',
    remedy: 'make it with a shorter --expires, or change the bound: ./causeway token limit',
  });
}

/** Logs in as `causeway_owner`, does `work`, and logs out. */
export function asOperator<Result>(
  ownerUrl: string,
  work: (operator: Operator) => Promise<Result>,
): Promise<Result> {
  return withClient(ownerUrl, (client) => work(operatorOn(client)));
}

function operatorOn(client: pg.Client): Operator {
  const call = async (sql: string, values: readonly unknown[]): Promise<Answer> => {
    const { rows } = await client.query<{ answer: Answer }>(sql, [...values]);
    const answer = rows[0]?.answer;
    if (!answer) throw new Error('an operator function returned nothing');
    return answer;
  };
  return {
    async provisionTenant(person) {
      const answer = await call('select app.provision_tenant($1, $2, $3, $4, $5, $6) as answer', [
        person.tenant,
        person.tenantName,
        person.user,
        person.email,
        person.userName,
        person.role,
      ]);
      if (!answer.user_id) throw new Error(`the tenant could not be provisioned: ${answer.code}`);
      return answer.user_id;
    },
    async setPassword(user, hash) {
      await call('select app.set_password($1, $2) as answer', [user, hash]);
    },
    async inviteOwner(invitation) {
      await call('select app.invite_owner($1, $2, $3, $4, $5, $6) as answer', [
        invitation.tenant,
        invitation.tenantName,
        invitation.invitation,
        invitation.email,
        invitation.linkSha256,
        invitation.lifetimeSeconds,
      ]);
    },
    async createRecovery({ email, linkSha256, lifetimeSeconds }) {
      const sql = 'select app.create_recovery($1, $2, $3) as answer';
      return (await call(sql, [email, linkSha256, lifetimeSeconds])).ok;
    },
    async createToken(token) {
      const answer = await call(
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
      const answer = await call(sql, [old, token, hash, overlapMs / 1000]);
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
      return (await call(sql, [tenant, lifetimeMsMax === null ? null : lifetimeMsMax / 1000])).ok;
    },
    async listTokens(tenant) {
      const { rows } = await client.query<TokenRow>('select * from app.list_api_tokens($1)', [tenant]);
      return rows;
    },
    async listTokenUses(tenant, credential, rowsMax) {
      const sql = 'select * from app.list_token_uses($1, $2, $3)';
      return (await client.query<TokenUseRow>(sql, [tenant, credential, rowsMax])).rows;
    },
    async revokeToken(token) {
      return (await call('select app.revoke_api_token($1) as answer', [token])).ok;
    },
    async createJoinToken({ pool, sha256, lifetimeSeconds }) {
      const sql = 'select app.create_join_token($1, $2, make_interval(secs => $3)) as answer';
      return (await call(sql, [pool, sha256, lifetimeSeconds])).ok;
    },
    async listExecutors() {
      return (await client.query<ExecutorRow>('select * from app.list_executors()')).rows;
    },
    async listPlatformEvents(rowsMax) {
      const sql = 'select * from app.list_platform_events($1)';
      return (await client.query<PlatformEventRow>(sql, [rowsMax])).rows;
    },
    async createPool({ id, owner, name }) {
      const answer = await call('select app.create_pool($1, $2, $3) as answer', [id, owner, name]);
      if (!answer.ok) throw refused('the pool could not be made', answer);
    },
    async listPools() {
      const { rows } = await client.query<PoolRow>('select * from app.list_pools()');
      return rows.map((row) => ({
        ...row,
        executors: Number(row.executors),
        unfinished_runs: Number(row.unfinished_runs),
      }));
    },
    async cordonExecutor(executor, cordoned) {
      const answer = await call('select app.cordon_executor($1, $2) as answer', [executor, cordoned]);
      return answer.pool ?? null;
    },
    async revokeExecutor(executor) {
      return (await call('select app.revoke_executor($1) as answer', [executor])).pool ?? null;
    },
    async place({ tenant, project, placement, ownHostsOnly }) {
      const sql = 'select app.place_tenant($1, $2, $3, $4) as answer';
      const answer = await call(sql, [tenant, project, placement && JSON.stringify(placement), ownHostsOnly]);
      if (!answer.ok) throw refused('where its runs go was not changed', answer);
    },
    async signFleetCall(pool) {
      const sql = 'select app.sign_fleet_call($1) as signed';
      const { rows } = await client.query<{ signed: { seconds: number; signatures: string[] } }>(sql, [pool]);
      if (rows[0] === undefined) throw new Error('nothing was signed');
      return rows[0].signed;
    },
  };
}
