import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import type { Played } from './fleet/play-scenario.ts';
import { type FleetReport, printFleet } from './fleet/report.ts';
import { SCENARIOS } from './fleet/scenarios.ts';
import { observeMachine } from './measure/machine.ts';

const PLAY = fileURLToPath(new URL('./fleet/play.ts', import.meta.url));
/** Virtual seconds of each scenario where it only has to be seen to work. */
const QUICK_SECONDS = '5';

/** It simulates, and needs no stack. */
export const stack = false;

/** `./causeway bench fleet`: thousands of virtual executors at one real pool object, in virtual time and with real CPU. */
export async function run({
  json = false,
  quick = false,
}: {
  json?: boolean;
  quick?: boolean;
}): Promise<void> {
  const observed = observeMachine();
  const scenarios: Played[] = [];
  for (const { name, says } of SCENARIOS) {
    printNote(`  ${name}: ${says}`);
    scenarios.push(await play(name, quick ? [QUICK_SECONDS] : []));
  }
  const report: FleetReport = { bench: 'fleet', machine: observed(), scenarios };
  if (json) printJson(report);
  else printResult(`\n${printFleet(report)}`);
}

/** A process for each: its clock is virtual, and what one scenario compiled does not help the next. */
async function play(name: string, args: readonly string[]): Promise<Played> {
  const { stdout } = await promisify(execFile)(process.execPath, [PLAY, name, ...args]);
  return JSON.parse(stdout) as Played;
}
