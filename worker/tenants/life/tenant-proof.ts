import { TENANT_WINDOW_SECONDS, type TenantAct, tenantStatement } from '../../../protocol/tenant-call.ts';
import type { TicketKey } from '../../database/ticket.ts';
import { isSignedBy } from '../../identity/is-signed-by.ts';

const FORM =
  /^Causeway-Operator (ten_[0-7][0-9a-hjkmnp-tv-z]{25})\.([a-z]{1,20})\.([0-9]{1,12})\.([0-9a-f]{64})$/;

/** Whether an `Authorization` header of the operator is about this tenant and act, signed by the database, lately. */
export async function provesTenantCall(
  key: TicketKey,
  header: string | null,
  asked: { readonly tenant: string; readonly act: TenantAct; readonly nowMs: number },
): Promise<boolean> {
  const [, tenant, act, seconds, signature] = FORM.exec(header ?? '') ?? [];
  if (tenant !== asked.tenant || act !== asked.act || signature === undefined) return false;
  if (Math.abs(asked.nowMs / 1000 - Number(seconds)) > TENANT_WINDOW_SECONDS) return false;
  return isSignedBy(key, tenantStatement(tenant, asked.act, Number(seconds)), signature);
}
