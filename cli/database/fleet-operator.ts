import type pg from 'pg';
import type { ExecutorId, Id, TenantId } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import { Failure } from '../terminal/failure.ts';
import { answerOf } from './answer-of.ts';

export interface PoolRow {
  readonly pool_id: Id<'pool'>;
  readonly name: string;
  /** The tenant whose runs alone it takes; null: a pool of the platform. */
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

/** What an operator can do with pools and executors. */
export interface FleetOperator {
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

export function fleetOperatorOn(client: pg.Client): FleetOperator {
  const ask = (sql: string, values: readonly unknown[]) => answerOf<Answer>(client, sql, values);
  return {
    async createJoinToken({ pool, sha256, lifetimeSeconds }) {
      const sql = 'select app.create_join_token($1, $2, make_interval(secs => $3)) as answer';
      return (await ask(sql, [pool, sha256, lifetimeSeconds])).ok;
    },
    async createPool({ id, owner, name }) {
      const answer = await ask('select app.create_pool($1, $2, $3) as answer', [id, owner, name]);
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
    async listExecutors() {
      return (await client.query<ExecutorRow>('select * from app.list_executors()')).rows;
    },
    async cordonExecutor(executor, cordoned) {
      const sql = 'select app.cordon_executor($1, $2) as answer';
      return (await ask(sql, [executor, cordoned])).pool ?? null;
    },
    async revokeExecutor(executor) {
      return (await ask('select app.revoke_executor($1) as answer', [executor])).pool ?? null;
    },
    async place({ tenant, project, placement, ownHostsOnly }) {
      const sql = 'select app.place_tenant($1, $2, $3, $4) as answer';
      const answer = await ask(sql, [tenant, project, placement && JSON.stringify(placement), ownHostsOnly]);
      if (!answer.ok) throw refused('where its runs go was not changed', answer);
    },
    signFleetCall: (pool) => answerOf(client, 'select app.sign_fleet_call($1) as answer', [pool]),
    async listPlatformEvents(rowsMax) {
      const sql = 'select * from app.list_platform_events($1)';
      return (await client.query<PlatformEventRow>(sql, [rowsMax])).rows;
    },
  };
}

interface Answer {
  readonly ok: boolean;
  readonly code?: string;
  readonly pool?: Id<'pool'>;
  readonly details?: { readonly runs?: number };
}

/** Why a pool was not made, or runs were not placed. */
function refused(what: string, { code, details }: Answer): Failure {
  return code === 'runs_unfinished'
    ? new Failure({
        what,
        why: `${details?.runs} runs of it wait or run in a pool of the platform`,
        remedy: 'wait until they have ended, or cancel them, and try again',
      })
    : new Failure({ what, why: `${code}`, remedy: 'see docs/errors.md' });
}
