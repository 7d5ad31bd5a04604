import { newId } from '../../protocol/ids.ts';
import type { Call } from '../http/call.ts';
import type { Principal } from './principal.ts';

/** Which part of Causeway acts: the audit log names it. */
export type SystemPart = 'executor-pool' | 'audit' | 'token-uses';

/**
 * Causeway itself, acting for a tenant without a person: retries, lost runs, what a sweep finds. `call` is the call that it
 * acts for, where there is one.
 */
export function systemPrincipal(
  tenantId: string,
  part: SystemPart = 'executor-pool',
  call?: Call,
): Principal {
  return {
    tenantId,
    userId: null,
    credential: { kind: 'system', id: part },
    needs: { scopes: [], role: null },
    requestId: call?.requestId ?? newId('request'),
    address: call?.address ?? null,
    userAgent: call?.userAgent ?? null,
  };
}
