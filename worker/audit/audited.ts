import { enter } from '../database/with-tenant.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { type CallEvent, CallRecord } from './call-record.ts';
import { endOfCall } from './end-of-call.ts';
import { recordRefusal } from './record-refusal.ts';

/**
 * Does the work of a call under its audit event: the first transaction of `work` that enters as the principal it is given
 * writes the event, and where it cannot, nothing happens. Work that enters nowhere is recorded by an entry of its own.
 */
export async function audited<Result>(
  platform: Platform,
  principal: Principal,
  event: CallEvent,
  work: (principal: Principal) => Promise<Result> | Result,
): Promise<Result> {
  const record = new CallRecord(event);
  const recorded = { ...principal, record };
  try {
    const result = await work(recorded);
    if (record.isDue) await enter(platform.database, recorded);
    return result;
  } catch (error) {
    await recordRefusal(platform, principal, event, endOfCall(error));
    throw error;
  }
}
