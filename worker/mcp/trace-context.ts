import { TRACEPARENT_META_KEY, TRACESTATE_META_KEY } from '@modelcontextprotocol/server';
import { log } from '../log.ts';
import { asRecord } from './request-kind.ts';

/** The trace that a client's request is part of (W3C Trace Context). */
export interface TraceContext {
  readonly traceId: string;
  readonly parentId: string;
  readonly isSampled: boolean;
  /** Null where there is none, or none that is well-formed. */
  readonly state: string | null;
}

const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const PARENT_CHARS_MAX = 200;
const ZEROS = /^0+$/;
const STATE_CHARS_MAX = 512;
const STATE_MEMBERS_MAX = 32;
const STATE_MEMBER =
  /^(?:[a-z0-9][a-z0-9_*/@-]{0,255})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The trace in a request's `_meta` (MCP 2026-07-28, "Trace context"), judged as W3C Trace Context, sections 3.2 and 3.3,
 * say: a parent that is not well-formed is no trace, a state that is not well-formed is dropped. Pure.
 */
export function traceContextOf(params: unknown): TraceContext | null {
  const { [TRACEPARENT_META_KEY]: parent, [TRACESTATE_META_KEY]: state } = asRecord(asRecord(params)._meta);
  const parsed = typeof parent === 'string' ? parseTraceparent(parent) : null;
  return parsed && { ...parsed, state: typeof state === 'string' ? wellFormed(state) : null };
}

/** The trace that a `traceparent` names, as a header or elsewhere; null where it is not well-formed. Pure. */
export function parseTraceparent(parent: string): Omit<TraceContext, 'state'> | null {
  if (parent.length > PARENT_CHARS_MAX) return null;
  const [, version, traceId = '', parentId = '', flags = '', rest] = PARENT.exec(parent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (ZEROS.test(traceId) || ZEROS.test(parentId)) return null;
  return { traceId, parentId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** A line of the log by which a trace is found from a request id, and the other way round. */
export function logTrace(trace: TraceContext, requestId: string, method: string): void {
  const { traceId, parentId, isSampled, state } = trace;
  log('info', 'mcp', {
    request_id: requestId,
    method,
    trace_id: traceId,
    parent_id: parentId,
    sampled: isSampled,
    ...(state === null ? {} : { trace_state: state }),
  });
}

function wellFormed(state: string): string | null {
  if (state.length > STATE_CHARS_MAX) return null;
  const members = state
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('='))));
  const isSound =
    members.length > 0 &&
    members.length <= STATE_MEMBERS_MAX &&
    keys.size === members.length &&
    members.every((member) => STATE_MEMBER.test(member));
  return isSound ? members.join(',') : null;
}
