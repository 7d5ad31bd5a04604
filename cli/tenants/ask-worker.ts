import type { TenantId } from '../../protocol/ids.ts';
import { TENANT_SCHEME, type TenantAct, type TenantAttended } from '../../protocol/tenant-call.ts';
import { asTenantOperator } from '../database/tenant-operator.ts';

const ATTEND_TIMEOUT_MS = 60_000;

/** Where the Worker is, and the database that signs calls to it. */
export interface WorkerCall {
  readonly ownerUrl: string;
  readonly publicUrl: string;
  readonly tenant: TenantId;
}

/**
 * A call to the Worker about a tenant, signed by the database for whoever may log in as its owner.
 *
 * @throws TypeError where the Worker cannot be reached
 */
export async function askWorker(
  { ownerUrl, publicUrl, tenant }: WorkerCall,
  act: TenantAct,
  init: { readonly method: 'GET' | 'POST'; readonly query?: URLSearchParams; readonly signal?: AbortSignal },
): Promise<Response> {
  const { seconds, signatures } = await asTenantOperator(ownerUrl, (operator) =>
    operator.signCall(tenant, act),
  );
  let answered: Response | undefined;
  // While a key is rotated there are two; the Worker has one of them.
  for (const signature of signatures) {
    await answered?.body?.cancel();
    answered = await fetch(
      `${publicUrl}/operator/tenants/${tenant}/${act}${init.query ? `?${init.query}` : ''}`,
      {
        method: init.method,
        headers: { authorization: `${TENANT_SCHEME} ${tenant}.${act}.${seconds}.${signature}` },
        redirect: 'error',
        ...(init.signal === undefined ? {} : { signal: init.signal }),
      },
    );
    if (answered.status !== 401) return answered;
  }
  if (answered === undefined) throw new Error('nothing was signed');
  return answered;
}

/** Makes the Worker heed what was changed about a tenant; null where it was not reached, which then does so within a minute. */
export async function attend(
  call: Omit<WorkerCall, 'publicUrl'> & { publicUrl: string | undefined },
): Promise<TenantAttended | null> {
  const { publicUrl } = call;
  if (publicUrl === undefined) return null;
  try {
    const signal = AbortSignal.timeout(ATTEND_TIMEOUT_MS);
    const answered = await askWorker({ ...call, publicUrl }, 'attend', { method: 'POST', signal });
    if (answered.ok) return (await answered.json()) as TenantAttended;
    await answered.body?.cancel();
    return null;
  } catch {
    return null;
  }
}
