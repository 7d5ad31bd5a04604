import type { Env } from '../env.ts';
import type { TenantGate } from './tenant-gate.ts';

/** The Durable Object of a tenant, by the tenant's id. */
export function tenantGateOf(
  { TENANT_GATE }: Pick<Env, 'TENANT_GATE'>,
  tenant: string,
): DurableObjectStub<TenantGate> {
  return TENANT_GATE.get(TENANT_GATE.idFromName(tenant));
}
