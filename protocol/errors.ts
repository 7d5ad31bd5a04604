/** Who can do something about an error: the agent by calling differently, a person, or the operator. */
export type Remedy = 'agent' | 'person' | 'operator';

export interface ErrorKind {
  /** The HTTP status where the error leaves by REST; a tool result carries the same code with `isError`. */
  readonly status: number;
  readonly retryable: boolean;
  readonly remedy: Remedy;
  readonly means: string;
}

/** Every code that leaves the system. A new one without a status does not compile; `docs/errors.md` is made from this. */
export const ERRORS = {
  unauthenticated: {
    status: 401,
    retryable: false,
    remedy: 'person',
    means: 'No credential, or one that is unknown, expired or revoked.',
  },
  insufficient_scope: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'The credential lacks a scope that the call needs.',
  },
  insufficient_role: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'The role of the person behind the credential is too low for the call.',
  },
  tenant_suspended: { status: 403, retryable: false, remedy: 'operator', means: 'The tenant is suspended.' },
  address_not_allowed: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'The token may not be used from the address that the call comes from.',
  },
  token_restricted: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'The token holds for some projects only, and the call is about more than those.',
  },
  withheld: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'It holds data of which agents see the schema only; a person who is signed in opens it.',
  },
  forbidden_origin: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'The request comes from a web page of another origin.',
  },
  not_found: {
    status: 404,
    retryable: false,
    remedy: 'agent',
    means: 'There is no such thing, or it is not yours; the two look alike.',
  },
  purged: {
    status: 410,
    retryable: false,
    remedy: 'person',
    means: 'The content was purged for good; when and why is said.',
  },
  expired: {
    status: 410,
    retryable: false,
    remedy: 'person',
    means: 'What a run left was kept for the time that the team keeps it, and removed then.',
  },
  invalid_arguments: {
    status: 400,
    retryable: false,
    remedy: 'agent',
    means: 'An argument has the wrong type, form or size.',
  },
  invalid_path: {
    status: 400,
    retryable: false,
    remedy: 'agent',
    means: 'A path is empty, absolute, reserved, or leaves the project.',
  },
  file_too_large: { status: 413, retryable: false, remedy: 'agent', means: 'A file is over its limit.' },
  too_many_files: {
    status: 413,
    retryable: false,
    remedy: 'agent',
    means: 'The project would hold more files than allowed.',
  },
  request_too_large: {
    status: 413,
    retryable: false,
    remedy: 'agent',
    means: 'The request body is over its limit.',
  },
  unsupported_content_type: {
    status: 415,
    retryable: false,
    remedy: 'agent',
    means: 'The body is said to be of a type that the address does not take.',
  },
  client_blocked: {
    status: 403,
    retryable: false,
    remedy: 'person',
    means: 'The admins of the tenant have blocked the program that asks to be let in.',
  },
  runs_unfinished: {
    status: 409,
    retryable: true,
    remedy: 'person',
    means: 'The change would concern runs that have not ended; it is made once they have.',
  },
  last_owner: {
    status: 409,
    retryable: false,
    remedy: 'person',
    means: 'A tenant keeps at least one owner, and so does a project.',
  },
  already_exists: { status: 409, retryable: false, remedy: 'agent', means: 'The name is taken.' },
  stale_commit: {
    status: 409,
    retryable: true,
    remedy: 'agent',
    means: 'Another commit changed a file that this one touches.',
  },
  text_not_found: {
    status: 409,
    retryable: false,
    remedy: 'agent',
    means: 'The text to replace is not in the file, or not as often as expected.',
  },
  project_archived: {
    status: 409,
    retryable: false,
    remedy: 'agent',
    means: 'The project is archived and takes no changes.',
  },
  idempotency_conflict: {
    status: 409,
    retryable: false,
    remedy: 'agent',
    means: 'The idempotency key was used before with other arguments.',
  },
  confirmation_required: {
    status: 409,
    retryable: false,
    remedy: 'agent',
    means:
      'The call would do something that a person should agree to first; it says what, and gives a confirmation.',
  },
  declined: {
    status: 409,
    retryable: false,
    remedy: 'person',
    means: 'A person was asked whether the call may do what it would, and did not agree.',
  },
  invalid_data: {
    status: 422,
    retryable: false,
    remedy: 'agent',
    means: 'The data cannot be read as the format that it is said to have.',
  },
  upload_refused: {
    status: 409,
    retryable: false,
    remedy: 'agent',
    means: 'The upload address is used, expired, or its bytes are not what was announced.',
  },
  limit_exceeded: { status: 429, retryable: true, remedy: 'agent', means: 'A quota is used up.' },
  rate_limited: { status: 429, retryable: true, remedy: 'agent', means: 'Too many calls in a short time.' },
  no_executor: {
    status: 503,
    retryable: true,
    remedy: 'operator',
    means: 'No executor has ever joined, so nothing can run.',
  },
  busy: {
    status: 503,
    retryable: true,
    remedy: 'agent',
    means: 'The server does as much of this as it may at a time.',
  },
  unavailable: {
    status: 503,
    retryable: true,
    remedy: 'operator',
    means: 'A part that is needed does not answer, or a start-up check failed.',
  },
  internal: {
    status: 500,
    retryable: true,
    remedy: 'operator',
    means: 'A fault in Causeway; the request id finds it in the logs.',
  },
} as const satisfies Record<string, ErrorKind>;

export type ErrorCode = keyof typeof ERRORS;

/** The one error shape, in tool results and REST answers alike. */
export interface ErrorEnvelope {
  readonly code: ErrorCode;
  /** One or two sentences that say what happened and why. */
  readonly message: string;
  readonly retryable: boolean;
  readonly retry_after_seconds?: number;
  /** What to do next. */
  readonly hint?: string;
  readonly request_id: string;
  readonly details?: Readonly<Record<string, unknown>>;
}
