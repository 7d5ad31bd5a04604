import type { JSONRPCRequest, RequestId } from '@modelcontextprotocol/server';
import { encodeBase64url } from '../../../protocol/base64url.ts';
import { limit } from '../../../protocol/limits.ts';
import { type SealKey, seal, unseal } from '../../seal/seal.ts';
import type { Session } from './session-id.ts';

/**
 * A call that waits for a run, as far as another request must know it to go on waiting. All of it stands in the id of an
 * event of the call's stream, so a broken stream costs no state: the run lives on by itself.
 */
export interface WaitedRun {
  readonly run: string;
  /** Until when the call waits, Unix ms. */
  readonly until: number;
  /** The call's id, as its client gave it. */
  readonly request: RequestId;
  readonly progressToken: RequestId | null;
}

interface Sealed extends WaitedRun {
  readonly session: string;
  /** Two streams of one call have two ids (MCP 2025-11-25, "Resumability and Redelivery"). */
  readonly nonce: string;
}

/** As long as a session keeps anything for its client. */
const RESUMABLE_MS = 60 * 60_000;
/** The id comes back in a header; a client that names its calls at length goes without. */
const NAMES_CHARS_MAX = 256;

/** The id of an event after which a client can go on waiting; null for a call whose own names are too long. */
export async function sealWaitedRun(
  key: SealKey,
  session: Pick<Session, 'id'>,
  waited: WaitedRun,
  now: number = Date.now(),
): Promise<string | null> {
  if (JSON.stringify([waited.request, waited.progressToken]).length > NAMES_CHARS_MAX) return null;
  const nonce = encodeBase64url(crypto.getRandomValues(new Uint8Array(6)));
  return seal<Sealed>(key, 'waited run', { ...waited, session: session.id, nonce }, RESUMABLE_MS, now);
}

/** What `eventId` lets this session wait for; null where it is the id of something else, or another session's. */
export async function unsealWaitedRun(
  key: SealKey,
  session: Pick<Session, 'id'>,
  eventId: string,
  now: number = Date.now(),
): Promise<WaitedRun | null> {
  const opened = await unseal<Sealed>(key, 'waited run', eventId, now);
  return opened.ok && opened.claim.session === session.id ? opened.claim : null;
}

/** The call that waits for the rest, under the id of the first: its answer is the answer that was lost. Pure. */
export function restOfCall({ run, until, request, progressToken }: WaitedRun, now: number): JSONRPCRequest {
  // Another machine's clock may be behind.
  const waitMs = Math.min(Math.max(0, until - now), limit('run_wait_ms'));
  return {
    jsonrpc: '2.0',
    id: request,
    method: 'tools/call',
    params: {
      name: 'get_run',
      arguments: { run, wait_seconds: waitMs / 1000 },
      ...(progressToken === null ? {} : { _meta: { progressToken } }),
    },
  };
}
