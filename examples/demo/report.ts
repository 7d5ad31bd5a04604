/** What `./causeway demo --json` prints as its last line. */
export interface DemoReport {
  readonly ok: boolean;
  /** Protocol revisions that were spoken, in the order of the passes. */
  readonly mcp: readonly string[];
  readonly steps: readonly DemoStepReport[];
  readonly runs: readonly DemoRunReport[];
  readonly sandbox: { readonly engine: string; readonly image: string } | null;
}

export interface DemoStepReport {
  readonly name: string;
  readonly ok: boolean;
  readonly ms: number;
  /** What failed and why, where it did. */
  readonly error?: string;
}

export interface DemoRunReport {
  readonly id: string;
  readonly status: string;
  /** From the call to its answer, as the client measured it. */
  readonly ms: number;
  readonly outputs: readonly string[];
}

/** An event of the audit log, as far as the demo shows it. */
export interface AuditRow {
  readonly occurredAt: Date;
  readonly action: string;
  readonly outcome: string;
  readonly targetId: string | null;
}
