import { waitUntil } from 'cloudflare:workers';
import type { Env } from '../../env.ts';
import { log } from '../../log.ts';
import { tenantGateOf } from '../gate-of.ts';
import type { Change } from './change.ts';

/** Says what changed in a tenant, after the commit. It returns at once and never throws. */
export type Publish = (tenantId: string, change: Change) => void;

const ATTEMPTS_MAX = 4;
const PAUSE_MS = 250;

/** Publishes through the tenant's gate, behind the back of whoever changed something: nobody waits for subscribers. */
export function publisherOf(env: Pick<Env, 'TENANT_GATE'>): Publish {
  return (tenantId, change) => {
    waitUntil(hand(() => tenantGateOf(env, tenantId).publish(change)));
  };
}

/** A gate that is being replaced loses its sockets too, and each subscriber then knows that it may have missed something. */
async function hand(publish: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await publish();
    } catch (error) {
      if (attempt === ATTEMPTS_MAX) {
        log('error', 'publish-change', { error: String(error) });
        return;
      }
      await scheduler.wait(PAUSE_MS * 2 ** attempt);
    }
  }
}
