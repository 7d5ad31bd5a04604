import type pg from 'pg';
import type { TenantId } from '../../protocol/ids.ts';
import type { DeletionStep, TenantAct } from '../../protocol/tenant-call.ts';
import type { Retained, Retention, RetentionWish } from '../../worker/database/retention.ts';
import { answerOf } from './answer-of.ts';
import { withClient } from './with-client.ts';

export interface TenantRow {
  readonly tenant_id: TenantId;
  readonly name: string;
  readonly status: 'active' | 'suspended' | 'closing' | 'erasing' | 'deleted';
  readonly created_at: Date | null;
  readonly suspended_at: Date | null;
  readonly suspended_because: string | null;
  readonly members: number;
  readonly projects: number;
  readonly runs: number;
  readonly deletion_due_at: Date | null;
  readonly deletion_step: DeletionStep | null;
}

/** A tenant with what it has: rows by table, owners by email, ids of keys. Times are ISO 8601. */
export interface TenantShown extends Omit<TenantRow, 'created_at' | 'suspended_at' | 'deletion_due_at'> {
  readonly created_at: string | null;
  readonly suspended_at: string | null;
  readonly deletion_due_at: string | null;
  readonly rows: Readonly<Record<string, number>>;
  readonly owners: readonly string[];
  readonly unfinished_runs: number;
  readonly keys: readonly string[];
}

/** What an operator's function answers: done, or a code. */
export type TenantAnswer =
  | { readonly ok: true; readonly status?: string; readonly due_at?: string }
  | { readonly ok: false; readonly code: string };

/** What is purged: a file of a project, a data source, an output of a run, or its log. */
export type PurgedObject =
  | { readonly kind: 'file'; readonly project: string; readonly path: string; readonly commit?: string }
  | { readonly kind: 'data'; readonly project: string; readonly name: string }
  | { readonly kind: 'output'; readonly run: string; readonly name: string }
  | { readonly kind: 'log'; readonly run: string };

export type PurgeAnswer =
  | { readonly ok: true; readonly sha256: readonly string[] }
  | { readonly ok: false; readonly code: string; readonly others?: readonly string[] };

export type RetentionDefaults = Readonly<Record<Exclude<Retained, 'audit'>, number | null>>;

/** The life of tenants, as `causeway_owner` may change it. */
export interface TenantOperator {
  list(): Promise<readonly TenantRow[]>;
  /** Null where there never was such a tenant. */
  show(tenant: TenantId): Promise<TenantShown | null>;
  suspend(tenant: TenantId, reason: string | null): Promise<TenantAnswer>;
  resume(tenant: TenantId): Promise<TenantAnswer>;
  requestDeletion(tenant: TenantId, reason: string | null, graceSeconds: number): Promise<TenantAnswer>;
  takeBackDeletion(tenant: TenantId): Promise<TenantAnswer>;
  /** A signed note; null before everything is gone. */
  certificate(tenant: TenantId): Promise<string | null>;
  /** Refuses with `not_found`, and with `shared` where something else holds the same bytes. */
  purge(tenant: TenantId, object: PurgedObject, reason: string, evenIfShared: boolean): Promise<PurgeAnswer>;
  /** For how long the tenant keeps what. */
  findRetention(tenant: TenantId): Promise<Retention>;
  setRetention(tenant: TenantId, wish: RetentionWish): Promise<void>;
  /** For how many days what tenants said nothing about is kept, null for ever. The audit log: for ever, always. */
  findRetentionDefaults(): Promise<RetentionDefaults>;
  setRetentionDefaults(wish: Partial<RetentionDefaults>): Promise<void>;
  /** Signs a call that makes the Worker do something for a tenant (protocol/tenant-call.ts). */
  signCall(
    tenant: TenantId,
    act: TenantAct,
  ): Promise<{ readonly seconds: number; readonly signatures: readonly string[] }>;
}

/** Logs in as `causeway_owner`, does `work`, and logs out. */
export function asTenantOperator<Result>(
  ownerUrl: string,
  work: (operator: TenantOperator) => Promise<Result>,
): Promise<Result> {
  return withClient(ownerUrl, (client) => work(operatorOn(client)));
}

function operatorOn(client: pg.Client): TenantOperator {
  const ask = <Result>(sql: string, values: readonly unknown[]) => answerOf<Result>(client, sql, values);
  return {
    async list() {
      const { rows } = await client.query<TenantRow>('select * from app.list_tenants()');
      return rows.map((row) => ({
        ...row,
        members: Number(row.members),
        projects: Number(row.projects),
        runs: Number(row.runs),
      }));
    },
    show: (tenant) => ask('select app.show_tenant($1) as answer', [tenant]),
    suspend: (tenant, reason) => ask('select app.suspend_tenant($1, $2) as answer', [tenant, reason]),
    resume: (tenant) => ask('select app.resume_tenant($1) as answer', [tenant]),
    requestDeletion: (tenant, reason, graceSeconds) =>
      ask('select app.request_tenant_deletion($1, $2, make_interval(secs => $3)) as answer', [
        tenant,
        reason,
        graceSeconds,
      ]),
    takeBackDeletion: (tenant) => ask('select app.take_back_tenant_deletion($1) as answer', [tenant]),
    certificate: (tenant) => ask('select app.find_deletion_certificate($1) as answer', [tenant]),
    purge: (tenant, object, reason, evenIfShared) =>
      ask('select app.purge_object($1, $2, $3, $4) as answer', [
        tenant,
        JSON.stringify(object),
        reason,
        evenIfShared,
      ]),
    findRetention: (tenant) => ask('select app.find_retention($1) as answer', [tenant]),
    setRetention: (tenant, wish) =>
      ask('select app.set_retention($1, $2) as answer', [tenant, JSON.stringify(wish)]),
    findRetentionDefaults: () => ask('select app.find_retention_defaults() as answer', []),
    setRetentionDefaults: (wish) =>
      ask('select app.set_retention_defaults($1) as answer', [JSON.stringify(wish)]),
    signCall: (tenant, act) => ask('select app.sign_tenant_call($1, $2) as answer', [tenant, act]),
  };
}
