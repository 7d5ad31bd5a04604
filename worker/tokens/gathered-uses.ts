import { log } from '../log.ts';
import type { TenantGate } from '../tenants/tenant-gate.ts';
import type { TokenUse } from './token-use.ts';
import { WAITING_MAX } from './use-log.ts';

/** Entries wait this long for others, and the gate waits as much less, so that a crash loses no more of the log than before. */
const GATHER_MS = 100;
/** A batch that was not brought by then lost the request that was to bring it. */
const BRINGING_MS_MAX = 30_000;

interface Batch {
  readonly uses: TokenUse[];
  readonly since: number;
  dropped: number;
}

/**
 * Entries of the request log on their way to their tenant's gate, in the memory of one isolate: those of a tenth of a second go
 * in one message, so that an agent that calls often, or a flood that is refused for its rate, does not burden the gate by its log.
 */
export class GatheredUses {
  private readonly byTenant = new Map<string, Batch>();
  private readonly wait: (ms: number) => Promise<unknown>;

  constructor(wait: (ms: number) => Promise<unknown> = (ms) => scheduler.wait(ms)) {
    this.wait = wait;
  }

  /** Takes an entry; the first of a batch waits for others and brings them all. A gate that does not answer costs them. */
  async bring(
    gate: Pick<DurableObjectStub<TenantGate>, 'recordUses'>,
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
    await this.wait(GATHER_MS);
    if (this.byTenant.get(tenantId) === batch) this.byTenant.delete(tenantId);
    try {
      await gate.recordUses(tenantId, batch.uses, batch.dropped);
    } catch (failure) {
      const lost = batch.uses.length + batch.dropped;
      log('error', 'record-uses', { request_id: use.request, lost, error: String(failure) });
    }
  }
}
