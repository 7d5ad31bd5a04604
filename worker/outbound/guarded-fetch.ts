import { readBounded } from '../http/read-bounded.ts';
import { readJson as parse } from '../input/parse-json.ts';
import { type AddressRefusal, judgeAddress } from './judge-address.ts';

export type FetchRefusal =
  | AddressRefusal
  | 'unreachable'
  | 'redirected'
  | 'bad_status'
  | 'not_json'
  | 'too_large'
  | 'too_slow';

export type Fetched =
  | { readonly ok: true; readonly json: unknown; readonly maxAgeSeconds: number }
  | { readonly ok: false; readonly reason: FetchRefusal };

type Send = (url: string, init: RequestInit) => Promise<Response>;

/** How requests leave: the public way, and for what is of `loopbackOrigins` (none, but in development) one to this machine. */
export interface Exits {
  readonly internet: Send;
  readonly loopback: Send;
  readonly loopbackOrigins: readonly string[];
}

const BYTES_MAX = 64 * 1024;
const TIMEOUT_MS = 5_000;

/**
 * Fetches a JSON document from a URL that a user chose: no redirect is followed, no credential sent, and size and time
 * are bounded. Never throws.
 */
export async function fetchJson(address: string, exits: Exits): Promise<Fetched> {
  const judged = judgeAddress(address, exits);
  if (!judged.ok) return judged;
  const send = judged.isLoopback ? exits.loopback : exits.internet;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  try {
    const response = await send(judged.url.href, {
      method: 'GET',
      redirect: 'manual',
      headers: { accept: 'application/json', 'user-agent': 'Causeway' },
      signal,
    });
    const verdict = await readJson(response);
    if (!verdict.ok) await response.body?.cancel().catch(() => {});
    return verdict;
  } catch {
    return { ok: false, reason: signal.aborted ? 'too_slow' : 'unreachable' };
  }
}

async function readJson(response: Response): Promise<Fetched> {
  if (response.status >= 300 && response.status < 400) return { ok: false, reason: 'redirected' };
  if (response.status !== 200) return { ok: false, reason: 'bad_status' };
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(response.headers.get('content-type') ?? ''))
    return { ok: false, reason: 'not_json' };
  const bytes = await readBounded(response.body, BYTES_MAX);
  if (bytes === null) return { ok: false, reason: 'too_large' };
  const read = parse(bytes);
  if (!read.ok) return { ok: false, reason: 'not_json' };
  const maxAge = /(?:^|[,\s])max-age=(\d{1,9})/i.exec(response.headers.get('cache-control') ?? '')?.[1];
  return { ok: true, json: read.value, maxAgeSeconds: Number(maxAge ?? 0) };
}
