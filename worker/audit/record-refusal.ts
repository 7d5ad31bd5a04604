import { auditRefusal } from '../database/audit.ts';
import { withTenant } from '../database/with-tenant.ts';
import { log } from '../log.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { systemPrincipal } from '../tenants/system-principal.ts';
import type { CallEvent } from './call-record.ts';
import type { BadEnd } from './end-of-call.ts';

/**
 * Adds the event of a call that was refused or failed, in a transaction of its own: that of the call died, or ended well
 * before the refusal. By the system, since the caller may be one that is let in no more. Never throws: nothing was done that
 * would need the event, and whoever asked is told what happened to their call.
 */
export async function recordRefusal(
  platform: Platform,
  principal: Principal,
  event: CallEvent,
  { outcome, code }: BadEnd,
): Promise<void> {
  const system = systemPrincipal(principal.tenantId, 'audit', principal);
  try {
    const { kind, id } = principal.credential;
    const who = { user: principal.userId, kind, credential: id };
    await withTenant(platform.database, system, [auditRefusal(who, event, outcome, code)] as const);
  } catch (error) {
    log('error', 'record-refusal', { request_id: principal.requestId, error: String(error) });
  }
}
