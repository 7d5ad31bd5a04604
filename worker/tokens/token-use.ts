import { type Call, printable } from '../http/call.ts';
import type { Principal } from '../tenants/principal.ts';

/** One request with a token, as the request log keeps it: no secret, no argument, no content. */
export interface TokenUse {
  readonly request: string;
  /** When it came, ISO 8601. */
  readonly at: string;
  readonly kind: 'api_token' | 'oauth';
  readonly credential: string;
  readonly user_id: string | null;
  /** The JSON-RPC method; the HTTP method where there is none. */
  readonly method: string;
  /** The tool, else the route. */
  readonly target: string | null;
  readonly address: string | null;
  readonly agent: string | null;
  readonly latency_ms: number;
  /** What a tool, resource or prompt answered: its JSON, or its texts and data; null where there is nothing of the kind. */
  readonly answer_bytes: number | null;
  readonly outcome: 'ok' | 'refused' | 'failed';
  /** Why it was not `ok`: a code of `protocol/errors.ts` or of an entry's refusal. */
  readonly reason: string | null;
  /** The trace that the client says it is part of (W3C Trace Context); null where it says nothing. */
  readonly trace: string | null;
  /** Whether the credential was let in; a call that a tool refused was. */
  readonly admitted: boolean;
}

export type CallFacts = Pick<Call, 'requestId' | 'address' | 'userAgent'>;

const METHOD = /^[a-z]+(\/[a-z_]+)*$/i;
const METHOD_CHARS_MAX = 60;
const ADDRESS_CHARS_MAX = 64;
const AGENT_CHARS_MAX = 200;

/** A method that a client named, if it looks like one; else a mark, so that no content gets into the log as a name. */
export function namedMethod(method: string | null): string {
  return method !== null && method.length <= METHOD_CHARS_MAX && METHOD.test(method) ? method : '(other)';
}

/** The caller's part of an entry, with what a client chose freely bounded and free of control characters. */
export function callerOf(
  who: Pick<Principal, 'userId' | 'credential'>,
  call: CallFacts,
): Pick<TokenUse, 'request' | 'kind' | 'credential' | 'user_id' | 'address' | 'agent'> {
  return {
    request: call.requestId,
    kind: who.credential.kind === 'oauth' ? 'oauth' : 'api_token',
    credential: who.credential.id,
    user_id: who.userId,
    address: bounded(call.address, ADDRESS_CHARS_MAX),
    agent: bounded(call.userAgent, AGENT_CHARS_MAX),
  };
}

function bounded(text: string | null, charsMax: number): string | null {
  return text === null ? null : printable(text).slice(0, charsMax).toWellFormed();
}
