import { newId } from '../../protocol/ids.ts';
import { maskSecrets } from '../../protocol/mask-secrets.ts';

/** Facts of one HTTP request that logs, audit events and limits use. */
export interface Call {
  readonly requestId: string;
  /** The peer's address as the edge saw it; what a client writes into `X-Forwarded-For` is never read. */
  readonly address: string | null;
  readonly userAgent: string | null;
}

const USER_AGENT_CHARS_MAX = 200;

/**
 * Reads the call's facts. Cloudflare sets `CF-Connecting-IP` itself and drops a client's own; where no edge stands in
 * front (`EDGE=none`) nobody vouches for the header, and all calls count as one address.
 */
export function readCall(request: Request, edge: 'cloudflare' | 'none'): Call {
  const userAgent = request.headers.get('user-agent');
  return {
    requestId: newId('request'),
    address: edge === 'cloudflare' ? request.headers.get('cf-connecting-ip') : null,
    userAgent: userAgent === null ? null : printable(maskSecrets(userAgent)).slice(0, USER_AGENT_CHARS_MAX),
  };
}

/** Control characters and line separators replaced, so that a logged field stays one line of plain text. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, ' ');
}
