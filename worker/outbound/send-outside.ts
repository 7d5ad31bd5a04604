import type { Exits } from './guarded-fetch.ts';
import { judgeAddress } from './judge-address.ts';

const TIMEOUT_MS = 10_000;

/** What is sent, but for its address. */
export type Outgoing = Pick<RequestInit, 'method' | 'headers' | 'body'>;

/**
 * Sends to an address that somebody chose: it is judged anew, no redirect is followed, and time is bounded. Null where `judge`
 * says that the answer is what it should be, else why not, in a word or two. Never throws.
 */
export async function sendOutside(
  address: string,
  exits: Exits,
  outgoing: Outgoing,
  judge: (response: Response) => Promise<string | null> = judgeStatus,
): Promise<string | null> {
  const judged = judgeAddress(address, exits);
  if (!judged.ok) return judged.reason;
  const send = judged.isLoopback ? exits.loopback : exits.internet;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await send(judged.url.href, { ...outgoing, redirect: 'manual', signal });
    const verdict = await judge(response);
    if (!response.bodyUsed) await response.body?.cancel().catch(() => {});
    return verdict;
  } catch {
    return signal.aborted ? 'too_slow' : 'unreachable';
  }
}

/** 2xx and nothing else; what is answered is not read. */
async function judgeStatus({ ok, status }: Response): Promise<string | null> {
  return ok ? null : `http_${status}`;
}
