import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { rounded, type Summary, summarize } from '../measure/quantiles.ts';
import { table } from '../measure/table.ts';
import type { BenchClient } from '../stack/open-client.ts';
import { MODELS } from './models.ts';

/** From the call to the first output of `print(1)` at the client. */
const FIRST_OUTPUT_TARGET_MS = 25;
const finished = z.object({ state: z.literal('succeeded') });

/** A run whose client asked to be told meanwhile: ms from the call to the first output there, and to the result. */
export interface Followed {
  readonly callMs: number;
  /** Null where the output came with the result and not before it. */
  readonly firstOutputMs: number | null;
}

export interface FollowedReport {
  readonly firstOutput: Summary;
  readonly call: Summary;
  /** Runs whose first output came with their result; it counts as late as that. */
  readonly withResult: number;
  readonly targetMs: number;
  readonly meetsTarget: boolean;
}

/** Runs of `print(1)` of a client that asks for progress, at an even pace. */
export async function measureFollowed(
  client: BenchClient,
  { project, runs, paceMs }: { readonly project: string; readonly runs: number; readonly paceMs: number },
): Promise<Followed[]> {
  const measured: Followed[] = [];
  for (let run = 0; run < runs; run++) {
    const [followed] = await Promise.all([followOne(client, project), delay(paceMs)]);
    measured.push(followed);
  }
  return measured;
}

async function followOne(client: BenchClient, project: string): Promise<Followed> {
  const { path } = MODELS[0] ?? { path: '' };
  const startedMs = performance.now();
  let firstOutputMs: number | null = null;
  await client.call('run_model', { project, path, data: [] }, finished, (message) => {
    if (message === '1') firstOutputMs ??= performance.now() - startedMs;
  });
  return { callMs: performance.now() - startedMs, firstOutputMs };
}

/** What the followed runs come to. Pure. */
export function reportFollowed(runs: readonly Followed[]): FollowedReport {
  const firstOutput = summarize(runs.map(({ firstOutputMs, callMs }) => firstOutputMs ?? callMs));
  return {
    firstOutput,
    call: summarize(runs.map(({ callMs }) => callMs)),
    withResult: runs.filter(({ firstOutputMs }) => firstOutputMs === null).length,
    targetMs: FIRST_OUTPUT_TARGET_MS,
    meetsTarget: firstOutput.p50 < FIRST_OUTPUT_TARGET_MS,
  };
}

export function printFollowed({
  firstOutput,
  call,
  withResult,
  targetMs,
  meetsTarget,
}: FollowedReport): string {
  const row = (name: string, { count, min, p50, p95, p99, max }: Summary, target: string, met: string) => [
    name,
    count,
    min,
    p50,
    p95,
    p99,
    max,
    rounded(p99 / p50),
    target,
    met,
  ];
  return [
    table(
      [
        'followed by a client that asked for progress, ms',
        'runs',
        'min',
        'p50',
        'p95',
        'p99',
        'max',
        'p99/p50',
        'target p50',
        'met',
      ],
      [
        row(
          'print: call to first output at the client',
          firstOutput,
          `< ${targetMs}`,
          meetsTarget ? 'yes' : 'NO',
        ),
        row('print: call to result', call, '', ''),
      ],
    ),
    `${withResult} of them brought their first output with the result and not before it.`,
  ].join('\n');
}
