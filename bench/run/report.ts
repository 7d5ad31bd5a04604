import { describeMachine, type Machine } from '../measure/machine.ts';
import { median, rounded, type Summary, summarize } from '../measure/quantiles.ts';
import { table } from '../measure/table.ts';
import type { LoadReport } from './load.ts';
import type { FollowedReport } from './measure-followed.ts';
import type { Pair } from './measure-pairs.ts';
import { MODELS } from './models.ts';
import { printLoad } from './print-load.ts';
import { RIVAL_NAMES, type RivalName } from './rivals.ts';
import type { Span } from './timeline.ts';

/** Pandas is to be this many times as fast as this rival. */
const PANDAS_RATIO = { rival: 'docker run --runtime=runsc', min: 20 } as const;
/** p99 is to be less than this many times p50. */
const TAIL_MAX = 3;

export interface ModelReport {
  readonly name: string;
  readonly warm: Summary;
  readonly rivals: readonly RivalReport[];
  readonly targetMs: number;
  readonly meetsTarget: boolean;
  /** Runs that found no warm sandbox. */
  readonly notWarm: number;
  /** Medians. */
  readonly spans: readonly Span[];
  /** Of the fastest call. */
  readonly fastest: readonly Span[];
}

export interface RivalReport {
  readonly name: RivalName;
  readonly ms: Summary;
  /** Its time by that of the warm run beside it. */
  readonly ratio: Summary;
  /** What the median of the ratios is to reach; null where nothing was promised. */
  readonly ratioMin: number | null;
  readonly meetsRatio: boolean;
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
    const rivals = RIVAL_NAMES.map((rival) => reportRival(rival, name, measured));
    return {
      name,
      warm,
      rivals,
      targetMs,
      meetsTarget: warm.p50 < targetMs && warm.p99 < TAIL_MAX * warm.p50,
      notWarm: measured.filter(({ isWarm }) => !isWarm).length,
      spans: medianSpans(measured),
      fastest: fastestSpans(measured),
    };
  });
}

function reportRival(name: RivalName, model: string, pairs: readonly Pair[]): RivalReport {
  const beside = pairs.flatMap(({ warmMs, beside }) => {
    const ms = beside[name];
    return ms === undefined ? [] : [{ ms, ratio: ms / warmMs }];
  });
  const ratio = summarize(beside.map((each) => each.ratio));
  const ratioMin = model === 'pandas' && name === PANDAS_RATIO.rival ? PANDAS_RATIO.min : null;
  return {
    name,
    ms: summarize(beside.map(({ ms }) => ms)),
    ratio,
    ratioMin,
    meetsRatio: ratioMin === null || ratio.p50 >= ratioMin,
  };
}

export function reportRuns(
  models: readonly ModelReport[],
  followed: FollowedReport,
  load: LoadReport,
  machine: Machine,
): RunReport {
  const isFast = ({ meetsTarget, rivals }: ModelReport) =>
    meetsTarget && rivals.every(({ meetsRatio }) => meetsRatio);
  const ok = load.ok && followed.meetsTarget && models.every(isFast);
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
    models.flatMap(({ name, warm, rivals, targetMs, meetsTarget }) => [
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
      ...rivals.map(({ name: rival, ms }) => [
        `${name}: ${rival}`,
        ms.count,
        ms.min,
        ms.p50,
        ms.p95,
        ms.p99,
        ms.max,
        '',
        '',
      ]),
    ]),
  );
  const ratios = table(
    ['times as long as warm, median of pairs', 'pairs', 'p50', 'target', 'met'],
    models.flatMap(({ name, rivals }) =>
      rivals.map(({ name: rival, ratio, ratioMin, meetsRatio }) => [
        `${name}: ${rival}`,
        ratio.count,
        ratio.p50,
        ratioMin === null ? '' : `>= ${ratioMin}`,
        ratioMin === null ? '' : meetsRatio ? 'yes' : 'NO',
      ]),
    ),
  );
  const found = models.map(
    ({ name, notWarm, warm }) =>
      `${name}: p99 is ${(warm.p99 / warm.p50).toFixed(1)} times p50 (target < ${TAIL_MAX}); ` +
      (notWarm === 0 ? 'every run found a warm sandbox' : `${notWarm} runs found no warm sandbox`),
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
    ratios,
    found.join('\n'),
    spans,
    `The whole call is measured in a real MCP client (2026-07-28); the others from the spawn of their command to its end, with the
same image, script, mounts and limits. What a system of theirs would add (folders and bundles, a database, a client, removing
the container) is left out in their favour. Docker is its own client and a daemon that runs and has the image. Bare is the image's
Python as a plain process.`,
  ].join('\n\n');
}

export function printMany({ load, machine }: RunReport): string {
  return [printLoad(load), describeMachine(machine)].join('\n\n');
}
