import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { Failure } from '../../cli/terminal/failure.ts';
import type { BenchClient } from '../stack/open-client.ts';
import { type BenchModel, MODELS } from './models.ts';
import type { RecordedTimes } from './open-timekeeper.ts';
import type { Rival, RivalName } from './rivals.ts';
import { type Span, spansOf } from './timeline.ts';

/** A warm run through the whole system, and near it in time the same script by others, ms; the slow ones not beside each. */
export interface Pair {
  readonly warmMs: number;
  readonly beside: Readonly<Partial<Record<RivalName, number>>>;
  readonly isWarm: boolean;
  readonly spans: readonly Span[];
}

export interface PairsPlan {
  readonly project: string;
  readonly blocks: number;
  readonly pairsPerBlock: number;
  /** From the start of one warm run to that of the next. */
  readonly paceMs: number;
  /** Waited for: it may measure what belongs beside the block. */
  readonly onBlock: (done: number) => Promise<void>;
}

const runSchema = z.object({
  run: z.string(),
  state: z.string(),
  message: z.string(),
  timings: z.object({
    prepared_ms: z.number(),
    first_output_ms: z.number().nullable(),
    finished_ms: z.number(),
    reported_ms: z.number(),
  }),
});

export interface World {
  readonly client: BenchClient;
  readonly rivals: readonly Rival[];
  readonly recorded: (run: string) => Promise<RecordedTimes>;
}

/**
 * Measures both models in blocks: warm runs at an even pace, the models in turn, then those of the rivals. In a block
 * nothing runs beside a warm run but what makes the next sandbox; between blocks the machine's mood reaches all alike.
 */
export async function measurePairs(world: World, plan: PairsPlan): Promise<ReadonlyMap<string, Pair[]>> {
  const pairs = new Map<string, Pair[]>(MODELS.map(({ name }) => [name, []]));
  for (let block = 0; block < plan.blocks; block++) {
    const warm: { model: BenchModel; run: WarmRun }[] = [];
    for (let turn = 0; turn < plan.pairsPerBlock * MODELS.length; turn++) {
      const model = MODELS[turn % MODELS.length] as BenchModel;
      const [run] = await Promise.all([runWarm(world, plan.project, model), delay(plan.paceMs)]);
      warm.push({ model, run });
    }
    for (const [turn, { model, run }] of warm.entries()) {
      const nth = Math.floor(turn / MODELS.length);
      const beside = await runBeside(world.rivals, model, nth);
      pairs.get(model.name)?.push({ ...run, beside });
    }
    await settle(plan.paceMs);
    await plan.onBlock(block + 1);
  }
  return pairs;
}

/** What the rivals wrote goes to the disk now, not half a minute later under the warm runs that come then. */
async function settle(paceMs: number): Promise<void> {
  await promisify(execFile)('sync');
  await delay(paceMs);
}

async function runBeside(rivals: readonly Rival[], model: BenchModel, nth: number): Promise<Pair['beside']> {
  const times: Partial<Record<RivalName, number>> = {};
  for (const rival of rivals) if (nth % rival.every === 0) times[rival.name] = await rival.run(model);
  return times;
}

/** Runs each model until it finds a warm sandbox and everything on its way has been used once. */
export async function warmUp(world: World, project: string, paceMs: number): Promise<void> {
  for (const model of [...MODELS, ...MODELS]) {
    await runWarm(world, project, model);
    await delay(paceMs);
  }
  for (const model of MODELS) await runBeside(world.rivals, model, 0);
  await settle(paceMs);
}

type WarmRun = Omit<Pair, 'beside'>;

async function runWarm(world: World, project: string, model: BenchModel): Promise<WarmRun> {
  // Two clocks: one that only goes on, and the one that Postgres and the pool read as well (performance.timeOrigin drifts from it).
  const [startedMs, askedAt] = [performance.now(), Date.now()];
  const input = { project, path: model.path, data: model.data };
  const answer = await world.client.call('run_model', input, runSchema);
  const [warmMs, answeredAt] = [performance.now() - startedMs, Date.now()];
  if (answer.state !== 'succeeded') {
    throw new Failure({
      what: `The ${model.name} model did not succeed: ${answer.state}.`,
      why: answer.message,
      remedy: `look at ${answer.run} with get_run`,
    });
  }
  const { isWarm, ...times } = await world.recorded(answer.run);
  const spans = spansOf({
    ...times,
    askedAt,
    answeredAt,
    preparedMs: answer.timings.prepared_ms,
    firstOutputMs: answer.timings.first_output_ms,
    endedMs: answer.timings.finished_ms,
    reportedMs: answer.timings.reported_ms,
  });
  return { warmMs, isWarm, spans };
}
