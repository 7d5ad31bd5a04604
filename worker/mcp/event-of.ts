import { type CallEvent, callEvent } from '../audit/call-record.ts';
import type { Judged, RequestKind } from './request-kind.ts';
import { traceContextOf } from './trace-context.ts';

/** The audit event of a request of one of the kinds; `params` are whatever the client sent. */
export function eventOf(kind: RequestKind, judged: Judged, params: unknown): Promise<CallEvent> {
  const target = judged.ok ? judged.request.target : judged.target;
  const trace = traceContextOf(params)?.traceId ?? null;
  return callEvent({ ...kind.audited, target, trace }, kind.inputOf(params));
}
