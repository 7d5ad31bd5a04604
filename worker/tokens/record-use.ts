import { log } from '../log.ts';
import type { Principal } from '../tenants/principal.ts';
import type { TenantGate } from '../tenants/tenant-gate.ts';
import { type CallFacts, callerOf, type TokenUse } from './token-use.ts';
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
  const entry = await entryOf(use, who, call, response, error);
  try {
    await gate.recordUse(who.tenantId, entry, use.cost);
  } catch (failure) {
    log('error', 'record-use', { request_id: call.requestId, error: String(failure) });
  }
}

/** The entry of a request for the request log, once the work that it began has ended. */
export async function entryOf(
  use: UseRecorder,
  who: Pick<Principal, 'userId' | 'credential'>,
  call: CallFacts,
  { status }: Pick<Response, 'status'>,
  error?: unknown,
): Promise<TokenUse> {
  return { ...callerOf(who, call), ...(await use.ended({ status }, error)) };
}
