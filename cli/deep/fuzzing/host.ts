import { performance } from 'node:perf_hooks';
import fc from 'fast-check';
import { inputsOf } from './inputs.ts';
import type { Parser } from './parser.ts';
import { PARSERS } from './parsers/index.ts';
import { readSeeds } from './seeds.ts';

/*
 * A process that tries inputs on one parser until its time is over. It says what it has begun, so that whoever started it
 * can end it where an input hangs it (`fuzz.ts`).
 */

export interface FuzzTask {
  readonly parser: string;
  readonly seconds: number;
  readonly seed: number;
}

export type FuzzTold =
  | { readonly kind: 'trying'; readonly seed: number }
  | { readonly kind: 'tried'; readonly inputs: number; readonly slowestMs: number }
  | { readonly kind: 'found'; readonly input: string; readonly why: string };

const INPUTS_PER_BATCH = 2_000;

// The process that started this one is gone.
process.once('disconnect', () => process.exit());
process.once('message', (task) => void serve(task as FuzzTask));

async function serve({ parser: name, seconds, seed }: FuzzTask): Promise<void> {
  const parser = PARSERS.find((each) => each.name === name);
  if (parser === undefined) throw new Error(`there is no parser ${name}`);
  const until = performance.now() + seconds * 1000;
  for (let batch = 0; performance.now() < until; batch++) {
    tell({ kind: 'trying', seed: seed + batch });
    if (await tryBatch(parser, seed + batch)) break;
  }
  process.disconnect();
}

/** Whether an input was found that breaks a promise. */
async function tryBatch(parser: Parser, seed: number): Promise<boolean> {
  const seeds = readSeeds(parser.name);
  let [inputs, slowestMs] = [0, 0];
  const property = fc.asyncProperty(inputsOf(parser, seeds), async (input) => {
    const startedAt = process.cpuUsage();
    await parser.check(input);
    const { user, system } = process.cpuUsage(startedAt);
    slowestMs = Math.max(slowestMs, (user + system) / 1000);
    inputs++;
  });
  const details = await fc.check(property, {
    seed,
    numRuns: INPUTS_PER_BATCH,
    examples: seeds.map((each) => [each] as [string]),
  });
  tell({ kind: 'tried', inputs, slowestMs });
  const [input] = details.counterexample ?? [];
  if (input === undefined) return false;
  const error = details.errorInstance;
  tell({ kind: 'found', input, why: error instanceof Error ? error.message : String(error) });
  return true;
}

function tell(told: FuzzTold): void {
  process.send?.(told);
}
