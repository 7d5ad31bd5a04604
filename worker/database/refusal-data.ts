import type { ErrorCode } from '../../protocol/errors.ts';

/** What SQL functions answer (migrations/README.md): their result with `ok: true`, or an expected refusal as data. */
export type SqlAnswer<Result> =
  | ({ readonly ok: true } & Result)
  | {
      readonly ok: false;
      readonly code: ErrorCode | 'head_moved';
      readonly message?: string;
      readonly details?: Record<string, unknown>;
    };
