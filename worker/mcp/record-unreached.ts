import type { ErrorCode } from '../../protocol/errors.ts';
import { callEvent } from '../audit/call-record.ts';
import { type BadEnd, endOfCall } from '../audit/end-of-call.ts';
import { recordRefusal } from '../audit/record-refusal.ts';
import { eventOf } from './event-of.ts';
import type { McpCall } from './mcp-call.ts';
import type { Judged, RequestKind } from './request-kind.ts';

type Caller = Pick<McpCall, 'platform' | 'principal' | 'use'>;

const UNREAD = { action: 'mcp.call', kind: 'route', target: '/mcp', trace: null } as const;

/** Adds the event of a request that was refused before anybody read what it calls. */
export async function recordUnread(code: ErrorCode, { platform, principal, use }: Caller): Promise<void> {
  use.refused(code);
  await recordRefusal(platform, principal, await callEvent(UNREAD, null), { outcome: 'refused', code });
}

/**
 * Does `work`, and adds the event of a call that never reached what it calls: the SDK or a header refused its form, its
 * session is not the caller's, or the entry failed. A call that was reached has its event from there.
 */
export async function recordedUnlessReached(
  kind: RequestKind,
  { judged, params }: { readonly judged: Judged; readonly params: unknown },
  { platform, principal, use, entry }: Caller & Pick<McpCall, 'entry'>,
  work: () => Promise<Response>,
): Promise<Response> {
  const record = async (end: BadEnd) =>
    recordRefusal(platform, principal, await eventOf(kind, judged, params), end);
  try {
    const response = await work();
    if (entry.isReached) return response;
    const code = use.refusal ?? 'invalid_arguments';
    use.refused(code);
    await record({ outcome: 'refused', code });
    return response;
  } catch (error) {
    if (!entry.isReached) await record(endOfCall(error));
    throw error;
  }
}
