import { log } from '../log.ts';
import type { TenantGate } from '../tenants/tenant-gate.ts';
import type { TokenUse } from './token-use.ts';
import { FLUSH_MS, WAITING_MAX } from './use-log.ts';

/** A batch that was not brought by then lost the request that was to bring it. */
const BRINGING_MS_MAX = 30_000;

interface Batch {
  readonly uses: TokenUse[];
  readonly since: number;
  dropped: number;
}

/**
 * Entries of calls that were refused for a rate, on their way to their tenant's gate, in the memory of one isolate: a second's
 * worth goes in one message, so that a flood does not burden by its log the gate that it was kept from.
 */
export class RefusedUses {
  private readonly byTenant = new Map<string, Batch>();
  private readonly wait: (ms: number) => Promise<unknown>;

  constructor(wait: (ms: number) => Promise<unknown> = (ms) => scheduler.wait(ms)) {
    this.wait = wait;
  }

  /** Takes an entry; the first of a batch waits for others and brings them all. A gate that does not answer costs them. */
  async bring(
    gate: Pick<DurableObjectStub<TenantGate>, 'recordRefusedUses'>,
    tenantId: string,
    use: TokenUse,
    now: number = Date.now(),
  ): Promise<void> {
    const underway = this.byTenant.get(tenantId);
    if (underway !== undefined && now - underway.since < BRINGING_MS_MAX) {
      if (underway.uses.length < WAITING_MAX) underway.uses.push(use);
      else underway.dropped++;
      return;
    }
    const batch: Batch = { uses: [use], since: now, dropped: 0 };
    this.byTenant.set(tenantId, batch);
    await this.wait(FLUSH_MS);
    if (this.byTenant.get(tenantId) === batch) this.byTenant.delete(tenantId);
    try {
      await gate.recordRefusedUses(tenantId, batch.uses, batch.dropped);
    } catch (failure) {
      const lost = batch.uses.length + batch.dropped;
      log('error', 'record-refused-uses', { request_id: use.request, lost, error: String(failure) });
    }
  }
}
