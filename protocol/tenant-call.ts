/**
 * How the operator makes the Worker do for a tenant what only the Worker can (`/operator/tenants/...`), as it has the
 * object store and the keys. `Authorization: Causeway-Operator <tenant id>.<act>.<seconds>.<hex signature>`, where
 * `app.sign_tenant_call` signs {@link tenantStatement} for who may log in as `causeway_owner`. It is valid for
 * TENANT_WINDOW_SECONDS around the Worker's time.
 */
export const TENANT_SCHEME = 'Causeway-Operator';
export const TENANT_WINDOW_SECONDS = 60;

/**
 * - `attend`: stops the runs of a tenant that is suspended, goes on with its deletion, and says how far it is.
 * - `export`: gives the next part of its export.
 */
const TENANT_ACTS = ['attend', 'export'] as const;
export type TenantAct = (typeof TENANT_ACTS)[number];

export function tenantStatement(tenant: string, act: TenantAct, seconds: number): string {
  return `causeway tenant call v1\n${tenant}\n${act}\n${seconds}`;
}

/**
 * How long a tenant stays suspended before it is deleted; until then its deletion can be taken back. The operator may
 * skip this wait.
 */
export const DELETION_GRACE_MS = 7 * 86_400_000;

/** How far a deletion is; null where none is under way. */
export type DeletionStep =
  | 'waiting'
  | 'closing'
  | 'sealing'
  | 'rows'
  | 'counting'
  | 'blobs'
  | 'signing'
  | 'done';

/** What the Worker answers to `attend`. */
export interface TenantAttended {
  readonly step: DeletionStep | null;
  /** Runs that were told to end. */
  readonly stopped: number;
}
