import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { Failure } from '../../cli/terminal/failure.ts';
import type { BenchClient } from '../stack/open-client.ts';
import { type BenchModel, MODELS, SALES, salesCsv } from './models.ts';
import type { BareRunner } from './open-bare-runner.ts';
import type { ColdRunner, InputFile } from './open-cold-runner.ts';
import type { RecordedTimes } from './open-timekeeper.ts';
import { type Span, spansOf } from './timeline.ts';

/** A warm run through the whole system; a cold one of the same script, and a bare process of it, near it in time. */
export interface Pair {
  readonly warmMs: number;
  readonly coldMs: number;
  readonly bareMs: number;
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
  readonly cold: ColdRunner;
  readonly bare: BareRunner;
  readonly recorded: (run: string) => Promise<RecordedTimes>;
}

/**
 * Measures both models in blocks: warm runs at an even pace, the models in turn, then as many cold runs. In a block
 * nothing runs beside a warm run but what makes the next sandbox; between blocks the machine's mood reaches both alike.
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
    for (const { model, run } of warm) {
      const coldMs = await world.cold.run(model.path, inputsOf(model));
      const bareMs = await world.bare.run(model.path);
      pairs.get(model.name)?.push({ ...run, coldMs, bareMs });
    }
    await plan.onBlock(block + 1);
    await delay(plan.paceMs);
  }
  return pairs;
}

/** Runs each model until it finds a warm sandbox and everything on its way has been used once. */
export async function warmUp(world: World, project: string, paceMs: number): Promise<void> {
  for (const model of [...MODELS, ...MODELS]) {
    await runWarm(world, project, model);
    await delay(paceMs);
  }
  for (const model of MODELS) {
    await world.cold.run(model.path, inputsOf(model));
    await world.bare.run(model.path);
  }
}

type WarmRun = Omit<Pair, 'coldMs' | 'bareMs'>;

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

export function inputsOf(model: BenchModel): InputFile[] {
  return [
    { path: `/repo/${model.path}`, text: model.source },
    ...model.data.map((): InputFile => ({ path: `/data/${SALES}/data.csv`, text: salesCsv() })),
  ];
}
