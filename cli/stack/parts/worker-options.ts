import type { Guardian } from '../guardian.ts';
import type { StatePaths } from '../state-paths.ts';

export interface WorkerOptions {
  readonly paths: StatePaths;
  readonly port: number;
  readonly settings: Readonly<Record<string, string>>;
  readonly guardian: Guardian;
  readonly signal: AbortSignal;
}
