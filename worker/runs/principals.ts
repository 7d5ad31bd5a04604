import { newId } from '../../protocol/ids.ts';
import type { Principal } from '../tenants/principal.ts';

const NO_CALL = { address: null, userAgent: null, userId: null, needs: { scopes: [], role: null } } as const;

/** Causeway itself, acting for a tenant without a person: retries, lost runs, what a sweep finds. */
export function systemPrincipal(tenantId: string): Principal {
  return {
    ...NO_CALL,
    tenantId,
    credential: { kind: 'system', id: 'executor-pool' },
    requestId: newId('request'),
  };
}

/** An executor reporting on a run of a tenant. The database admits it while it is alive and has work of that tenant. */
export function executorPrincipal(tenantId: string, executor: string): Principal {
  return {
    ...NO_CALL,
    tenantId,
    credential: { kind: 'executor', id: executor },
    requestId: newId('request'),
  };
}
