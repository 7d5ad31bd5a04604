import { newId } from '../../protocol/ids.ts';
import type { Principal } from '../tenants/principal.ts';

/** An executor reporting on a run of a tenant. The database admits it while it is alive and has work of that tenant. */
export function executorPrincipal(tenantId: string, executor: string): Principal {
  return {
    tenantId,
    userId: null,
    credential: { kind: 'executor', id: executor },
    needs: { scopes: [], role: null },
    requestId: newId('request'),
    address: null,
    userAgent: null,
  };
}
