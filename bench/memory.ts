import { setTimeout as delay } from 'node:timers/promises';
import { printJson, printNote, printResult } from '../cli/terminal/print.ts';
import { observeMachine } from './measure/machine.ts';
import { measureDisk } from './memory/measure-disk.ts';
import { measureMemory } from './memory/measure-memory.ts';
import { printMemory, reportMemory } from './memory/report.ts';
import { readInput } from './stack/bench-input.ts';
import { runningParts } from './stack/running-parts.ts';

/** Long enough for the second sandbox to become warm, and for what starting left to be collected. */
const SETTLE_MS = 15_000;
const SAMPLES = 5;

/** `./causeway bench memory`: what each part holds in memory while nothing is asked of it, and on the disk. */
export async function run(given: object): Promise<void> {
  const { state, pids, json, quick } = readInput(given);
  const observed = observeMachine();
  const parts = await runningParts(state);
  if (!quick) {
    printNote(`Waiting ${SETTLE_MS / 1000} s for rest.`);
    await delay(SETTLE_MS);
  }
  const memory = await measureMemory([...parts.values()], pids.launcher, quick ? 1 : SAMPLES);
  const report = reportMemory(memory, measureDisk(state), observed());
  if (json) printJson(report);
  else printResult(`\n${printMemory(report)}`);
}
