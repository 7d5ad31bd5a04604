import { log } from '../log.ts';
import type { Principal } from '../tenants/principal.ts';
import type { TenantGate } from '../tenants/tenant-gate.ts';
import type { GatheredUses } from './gathered-uses.ts';
import { type CallFacts, callerOf, type TokenUse } from './token-use.ts';
import type { UseRecorder } from './use-recorder.ts';

type UsesGate = Pick<DurableObjectStub<TenantGate>, 'chargeMore' | 'recordUses'>;

/**
 * Has the request log note a request once it has ended, and takes from its credential's rate what it turned out to cost beyond
 * the one call that let it in. Nobody waits for it: a gate that does not answer costs the entry and not the call.
 */
export async function recordUse(
  { gate, gathered }: { readonly gate: UsesGate; readonly gathered: GatheredUses },
  use: UseRecorder,
  who: Pick<Principal, 'tenantId' | 'userId' | 'credential'>,
  call: CallFacts,
  response: Pick<Response, 'status'>,
  error?: unknown,
): Promise<void> {
  const entry = await entryOf(use, who, call, response, error);
  await Promise.all([chargeMore(gate, use, who, call), gathered.bring(gate, who.tenantId, entry)]);
}

/** At once, and not with what is gathered: in a tenth of a second an agent could begin more than it may. */
async function chargeMore(
  gate: UsesGate,
  { cost }: UseRecorder,
  { credential }: Pick<Principal, 'credential'>,
  { requestId }: CallFacts,
): Promise<void> {
  if (cost === 1) return;
  try {
    await gate.chargeMore(credential.id, cost - 1);
  } catch (failure) {
    log('error', 'charge-call', { request_id: requestId, error: String(failure) });
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
