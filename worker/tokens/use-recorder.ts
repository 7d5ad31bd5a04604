import { ERRORS, type ErrorCode } from '../../protocol/errors.ts';
import { EntryRefused } from '../database/errors.ts';
import { Refusal } from '../http/refusal.ts';
import { namedMethod, type TokenUse } from './token-use.ts';

/**
 * Watches one request for its entry in the request log: what is asked, and how it ends. Its end may come long after
 * the response has begun, so whoever records waits for {@link ended}.
 */
export class UseRecorder {
  private readonly startedAt = Date.now();
  private method: string;
  private target: string | null;
  private reason: ErrorCode | null = null;
  private trace: string | null = null;
  private answerBytes: number | null = null;
  /** What the call takes of its credential's rate. */
  cost = 1;
  private work: { readonly ended: Promise<void>; readonly end: () => void } | undefined;

  constructor(method: string, route: string) {
    this.method = method;
    this.target = route;
  }

  /** Says what the request turned out to ask: a JSON-RPC method, and the tool, resource or prompt that it names. */
  asks(method: string | null, target: string | null): void {
    this.method = namedMethod(method);
    this.target = target ?? this.target;
  }

  /** Says which trace the client says that the request is part of. */
  traced(traceId: string): void {
    this.trace = traceId;
  }

  /** The request's work in the tenant begins; {@link workEnded} says that it is over. */
  workBegins(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.work = { ended: promise, end: resolve };
  }

  workEnded(): void {
    this.work?.end();
  }

  /** A call of the request was answered by so many bytes of JSON. */
  answered(bytes: number): void {
    this.answerBytes = (this.answerBytes ?? 0) + bytes;
  }

  /** The call was answered by an error that stands inside a successful response. */
  refused(code: ErrorCode): void {
    this.reason = code;
  }

  /** Why the call was refused, where that was said. */
  get refusal(): ErrorCode | null {
    return this.reason;
  }

  /** The entry, once the work that was begun has ended. `error` is what the response was made of, if anything was thrown. */
  async ended(
    response: Pick<Response, 'status'>,
    error: unknown,
  ): Promise<Omit<TokenUse, 'request' | 'kind' | 'credential' | 'user_id' | 'address' | 'agent'>> {
    const isRefusedEntry = error instanceof EntryRefused;
    if (!isRefusedEntry) await this.work?.ended;
    const reason = isRefusedEntry ? error.reason : this.reasonOf(error, response.status);
    return {
      at: new Date(this.startedAt).toISOString(),
      method: this.method,
      target: this.target,
      latency_ms: Date.now() - this.startedAt,
      answer_bytes: this.answerBytes,
      outcome: outcomeOf(reason),
      reason,
      trace: this.trace,
      admitted: !isRefusedEntry && response.status !== 401 && response.status !== 429,
    };
  }

  private reasonOf(error: unknown, status: number): string | null {
    if (error instanceof Refusal) return error.code;
    return this.reason ?? (status < 400 ? null : `http_${status}`);
  }
}

function outcomeOf(reason: string | null): TokenUse['outcome'] {
  if (reason === null) return 'ok';
  const status = reason in ERRORS ? ERRORS[reason as ErrorCode].status : Number(reason.replace('http_', ''));
  return status >= 500 ? 'failed' : 'refused';
}
