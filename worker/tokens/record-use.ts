import { log } from '../log.ts';
import type { Principal } from '../tenants/principal.ts';
import type { TenantGate } from '../tenants/tenant-gate.ts';
import { type CallFacts, callerOf } from './token-use.ts';
import type { UseRecorder } from './use-recorder.ts';

/**
 * Gives the tenant's gate the entry of a request for the request log, once the request has ended. Nobody waits for it: a
 * gate that does not answer costs the entry and not the call.
 */
export async function recordUse(
  gate: Pick<DurableObjectStub<TenantGate>, 'recordUse'>,
  use: UseRecorder,
  who: Pick<Principal, 'tenantId' | 'userId' | 'credential'>,
  call: CallFacts,
  response: Pick<Response, 'status'>,
  error?: unknown,
): Promise<void> {
  const { status } = response;
  const entry = { ...callerOf(who, call), ...(await use.ended({ status }, error)) };
  try {
    await gate.recordUse(who.tenantId, entry, use.cost);
  } catch (failure) {
    log('error', 'record-use', { request_id: call.requestId, error: String(failure) });
  }
}
