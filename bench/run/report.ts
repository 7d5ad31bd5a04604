import { describeMachine, type Machine } from '../measure/machine.ts';
import { median, rounded, type Summary, summarize } from '../measure/quantiles.ts';
import { table } from '../measure/table.ts';
import type { LoadReport } from './load.ts';
import type { FollowedReport } from './measure-followed.ts';
import type { Pair } from './measure-pairs.ts';
import { MODELS } from './models.ts';
import { printLoad } from './print-load.ts';
import type { Span } from './timeline.ts';

/** Pandas is to be this many times as fast as a cold run of it. */
const PANDAS_RATIO_MIN = 10;
/** p99 is to be less than this many times p50. */
const TAIL_MAX = 3;

export interface ModelReport {
  readonly name: string;
  readonly warm: Summary;
  readonly cold: Summary;
  readonly bare: Summary;
  /** Cold by warm, of each pair. */
  readonly ratio: Summary;
  readonly targetMs: number;
  readonly meetsTarget: boolean;
  /** Runs that found no warm sandbox. */
  readonly notWarm: number;
  /** Medians. */
  readonly spans: readonly Span[];
  /** Of the fastest call. */
  readonly fastest: readonly Span[];
}

export interface RunReport {
  readonly bench: 'run';
  readonly ok: boolean;
  readonly machine: Machine;
  readonly models: readonly ModelReport[];
  readonly followed: FollowedReport;
  readonly load: LoadReport;
}

/** What the pairs of each model come to. Pure. */
export function reportModels(pairs: ReadonlyMap<string, readonly Pair[]>): ModelReport[] {
  return MODELS.map(({ name, targetMs }): ModelReport => {
    const measured = pairs.get(name) ?? [];
    const warm = summarize(measured.map(({ warmMs }) => warmMs));
    const ratio = summarize(measured.map(({ warmMs, coldMs }) => coldMs / warmMs));
    const isFastEnough = name !== 'pandas' || ratio.p50 >= PANDAS_RATIO_MIN;
    return {
      name,
      warm,
      cold: summarize(measured.map(({ coldMs }) => coldMs)),
      bare: summarize(measured.map(({ bareMs }) => bareMs)),
      ratio,
      targetMs,
      meetsTarget: warm.p50 < targetMs && warm.p99 < TAIL_MAX * warm.p50 && isFastEnough,
      notWarm: measured.filter(({ isWarm }) => !isWarm).length,
      spans: medianSpans(measured),
      fastest: fastestSpans(measured),
    };
  });
}

export function reportRuns(
  models: readonly ModelReport[],
  followed: FollowedReport,
  load: LoadReport,
  machine: Machine,
): RunReport {
  const ok = load.ok && followed.meetsTarget && models.every(({ meetsTarget }) => meetsTarget);
  return { bench: 'run', ok, machine, models, followed, load };
}

function medianSpans(pairs: readonly Pair[]): Span[] {
  const names = pairs[0]?.spans.map(({ name }) => name) ?? [];
  return names.map((name, at) => ({
    name,
    ms: rounded(median(pairs.map(({ spans }) => spans[at]?.ms ?? Number.NaN))),
  }));
}

function fastestSpans(pairs: readonly Pair[]): Span[] {
  const [fastest] = [...pairs].sort((left, right) => left.warmMs - right.warmMs);
  return fastest?.spans.map(({ name, ms }) => ({ name, ms: rounded(ms) })) ?? [];
}

export function printModels(models: readonly ModelReport[]): string {
  const times = table(
    ['ms', 'runs', 'min', 'p50', 'p95', 'p99', 'max', 'target p50', 'met'],
    models.flatMap(({ name, warm, cold, bare, targetMs, meetsTarget }) => [
      [
        `${name}: run_model, warm`,
        warm.count,
        warm.min,
        warm.p50,
        warm.p95,
        warm.p99,
        warm.max,
        `< ${targetMs}`,
        meetsTarget ? 'yes' : 'NO',
      ],
      [`${name}: cold runsc run`, cold.count, cold.min, cold.p50, cold.p95, cold.p99, cold.max, '', ''],
      [`${name}: bare python3`, bare.count, bare.min, bare.p50, bare.p95, bare.p99, bare.max, '', ''],
    ]),
  );
  const ratios = models.map(
    ({ name, ratio, notWarm, warm }) =>
      `${name}: p99 is ${(warm.p99 / warm.p50).toFixed(1)} times p50 (target < ${TAIL_MAX}); cold is ${ratio.p50.toFixed(1)} times warm (median of pairs)` +
      (notWarm === 0 ? '; every run found a warm sandbox' : `; ${notWarm} runs found no warm sandbox`),
  );
  const spans = table(
    ['where the time goes, ms', ...models.flatMap(({ name }) => [`${name}, p50`, 'fastest'])],
    (models[0]?.spans ?? []).map(({ name }, at) => [
      name,
      ...models.flatMap(({ spans, fastest }) => [spans[at]?.ms ?? null, fastest[at]?.ms ?? null]),
    ]),
  );
  return [
    times,
    ratios.join('\n'),
    spans,
    `The whole call is measured in a real MCP client (2026-07-28), cold from the spawn of runsc to its end: what a cold system
would add (its bundle, the same database and client) is left out in its favour. Bare is the image's Python as a plain process.
Docker is not measured beside it yet.`,
  ].join('\n\n');
}

export function printMany({ load, machine }: RunReport): string {
  return [printLoad(load), describeMachine(machine)].join('\n\n');
}
