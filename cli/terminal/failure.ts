/**
 * A failure that a person can do something about: what happened, why, what to do. Commands throw it, `main.ts` prints it
 * without a stack; any other exception is a bug and keeps its stack.
 */
export class Failure extends Error {
  readonly why: string;
  readonly remedy: string;
  /** Lines that show the failure itself, as the end of a log. */
  readonly evidence: readonly string[];
  /** What the process ends with. */
  readonly exitCode: number;

  constructor(parts: {
    what: string;
    why: string;
    remedy: string;
    evidence?: readonly string[];
    exitCode?: number;
  }) {
    super(parts.what);
    this.name = 'Failure';
    this.why = parts.why;
    this.remedy = parts.remedy;
    this.evidence = parts.evidence ?? [];
    this.exitCode = parts.exitCode ?? 1;
  }
}

/** The message of whatever was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
