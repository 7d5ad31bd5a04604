import type { Violation } from './invariants.ts';
import type { Schedule } from './schedule.ts';

/** A schedule that broke an invariant, with the fewest faults that still do. */
export interface Failure {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly schedule: Schedule;
}

/** What `simulator/main.ts --json` prints. */
export interface SimulationReport {
  readonly schedules: number;
  readonly faults: number;
  readonly runs: number;
  readonly attempts: number;
  readonly simulatedMs: number;
  readonly failures: readonly Failure[];
}

/** A failure as a person reads it: what broke, what had to happen for it, and how to see it again. */
export function describeFailure({ seed, violations, schedule }: Failure): string {
  const { executors, wishes, faults } = schedule;
  return [
    `seed ${seed}: node simulator/main.ts --seed ${seed}`,
    ...violations.map(({ invariant, atMs, what }) => `  ${invariant} at ${atMs} ms: ${what}`),
    `  ${wishes.length} calls; hosts:`,
    ...executors.map((host) => `    ${JSON.stringify(host)}`),
    '  faults:',
    ...faults.map((fault) => `    ${JSON.stringify(fault)}`),
  ].join('\n');
}
