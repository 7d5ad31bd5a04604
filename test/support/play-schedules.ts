import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SimulationReport } from '../../simulator/report.ts';

const MAIN = fileURLToPath(new URL('../../simulator/main.ts', import.meta.url));

/** Plays schedules in a process of their own, whose clock and timers are virtual. */
export async function playSchedules(plan: {
  readonly first: number;
  readonly schedules: number;
  readonly without?: string;
}): Promise<SimulationReport> {
  const args = ['--seed', String(plan.first), '--schedules', String(plan.schedules), '--json'];
  if (plan.without !== undefined) args.push('--without', plan.without);
  const text = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, [MAIN, ...args], { maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      // It ends with 1 where an invariant is broken; what was broken is in the report.
      if (stdout === '') reject(error ?? new Error(stderr));
      else resolve(stdout);
    });
  });
  return JSON.parse(text) as SimulationReport;
}
