import { parseArgs } from 'node:util';
import { registerPlatform } from './register-platform.ts';
import { describeFailure, type Failure, type SimulationReport } from './report.ts';
import type { Schedule } from './schedule.ts';

const HELP = `Plays seeded schedules of faults against the real pool, and says which broke an invariant.

  node simulator/main.ts --schedules 500 [--seed 1] [--json]
  node simulator/main.ts --schedules 500 --without fences|wakes   what a world that lacks them comes to
  node simulator/main.ts --seed 1234          replays one and prints its schedule
`;
/** Enough to understand what is wrong, and quickly there. */
const FAILURES_MAX = 3;

registerPlatform();
const { SABOTAGES, simulate } = await import('./simulate.ts');
const { drawSchedule } = await import('./schedule.ts');
const { shrink } = await import('./shrink.ts');

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    schedules: { type: 'string', default: '1' },
    without: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
const without = SABOTAGES.find((known) => known === values.without) ?? null;
if (values.help) process.stdout.write(HELP);
else await play(Number(values.seed), Number(values.schedules), values.json);
// Connections of executors that still live in the last world would keep the process.
process.exit(process.exitCode ?? 0);

async function play(first: number, schedules: number, json: boolean): Promise<void> {
  const failures: Failure[] = [];
  const sum = { faults: 0, runs: 0, attempts: 0, simulatedMs: 0 };
  let played = 0;
  for (let seed = first; seed < first + schedules && failures.length < FAILURES_MAX; seed++) {
    const schedule = drawSchedule(seed);
    const { violations, runs, attempts, simulatedMs } = await simulate(schedule, without);
    played++;
    sum.faults += schedule.faults.length;
    sum.runs += runs;
    sum.attempts += attempts;
    sum.simulatedMs += simulatedMs;
    if (violations.length > 0) failures.push({ seed, violations, schedule: await least(schedule) });
  }
  const report: SimulationReport = { schedules: played, ...sum, failures };
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else print(report);
  if (failures.length > 0) process.exitCode = 1;
}

/** Of a world that is broken on purpose nobody asks which fault it takes. */
async function least(schedule: Schedule): Promise<Schedule> {
  if (without !== null) return schedule;
  return shrink(schedule, async (smaller) => (await simulate(smaller, without)).violations.length > 0);
}

function print({ schedules, faults, runs, attempts, simulatedMs, failures }: SimulationReport): void {
  const hours = (simulatedMs / 3_600_000).toFixed(1);
  process.stdout.write(
    `${schedules} schedules with ${faults} faults: ${attempts} attempts at ${runs} runs in ${hours} simulated hours\n`,
  );
  for (const failure of failures) process.stdout.write(`\n${describeFailure(failure)}\n`);
}
