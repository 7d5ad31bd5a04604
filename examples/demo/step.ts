import type { Agent } from './agent.ts';
import type { AuditRow } from './report.ts';
import type { Screen } from './screen.ts';

/** What the steps share: the agent that acts, what they show on, and what earlier steps have left. */
export interface DemoContext {
  readonly agent: Agent;
  readonly screen: Screen;
  /** Name of the demo's own project. */
  readonly project: string;
  /** Where charts are saved. */
  readonly outputsFolder: string;
  readonly startedAt: Date;
  readonly auditEvents: AuditReader | null;
  /** Set by the steps that learn it. */
  readonly learned: {
    tenant?: string;
    sandbox?: { readonly engine: string; readonly image: string };
    firstForecast?: string;
    /** Packages that the sandbox image lacks, as on a host where PyPI cannot be reached. */
    absent?: readonly string[];
  };
}

/** Reads the audit events of a tenant since a time; the operator's side, for no tool shows them. */
export type AuditReader = (tenant: string, since: Date) => Promise<readonly AuditRow[]>;

/** One step of the demo. It throws what failed. */
export interface DemoStep {
  readonly name: string;
  readonly title: string;
  readonly run: (context: DemoContext) => Promise<void>;
}
