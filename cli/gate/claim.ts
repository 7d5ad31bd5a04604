/** A claim about this checkout that can be checked, and sometimes made true. */
export interface Claim {
  /** A sentence that holds when nothing is found. */
  readonly says: string;
  /** What contradicts the claim, a line each; empty where it holds. */
  readonly check: () => Promise<readonly string[]> | readonly string[];
  /** Makes the claim true where a program can (`check --write`). */
  readonly mend?: () => Promise<void>;
}

export interface Verdict {
  readonly says: string;
  readonly findings: readonly string[];
  readonly tookMs: number;
}
