import { ERRORS, type ErrorCode, type ErrorEnvelope } from '../../protocol/errors.ts';
import { isRateName, retryFields } from './rate-limit-fields.ts';

/** An expected failure on its way to the caller: a value that code returns, or throws where a library stands between. */
export class Refusal extends Error {
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    more: { hint?: string; details?: Readonly<Record<string, unknown>>; retryAfterSeconds?: number } = {},
  ) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.hint = more.hint;
    this.details = more.details;
    this.retryAfterSeconds = more.retryAfterSeconds;
  }
}

/** The envelope of a refusal, the same in tool results and REST answers. */
export function envelope(refusal: Refusal, requestId: string): ErrorEnvelope {
  return {
    code: refusal.code,
    message: refusal.message,
    retryable: ERRORS[refusal.code].retryable,
    ...(refusal.retryAfterSeconds === undefined ? {} : { retry_after_seconds: refusal.retryAfterSeconds }),
    ...(refusal.hint === undefined ? {} : { hint: refusal.hint }),
    request_id: requestId,
    ...(refusal.details === undefined ? {} : { details: refusal.details }),
  };
}

/** When to come back: `Retry-After`, and where a rate refused, what is left of that rate. */
export function retryHeaders({ retryAfterSeconds, details }: Refusal): Record<string, string> {
  if (retryAfterSeconds === undefined) return {};
  return isRateName(details?.limit)
    ? retryFields(details.limit, retryAfterSeconds)
    : { 'retry-after': String(retryAfterSeconds) };
}

/** A refusal as an HTTP response. `headers` are added, as `WWW-Authenticate` for a 401. */
export function refusalResponse(
  refusal: Refusal,
  requestId: string,
  headers: Record<string, string> = {},
): Response {
  return new Response(`${JSON.stringify({ error: envelope(refusal, requestId) })}\n`, {
    status: ERRORS[refusal.code].status,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      ...headers,
      ...retryHeaders(refusal),
    },
  });
}
