import type { Manifest } from '../../protocol/manifest.ts';
import type { Outcome, Output, RecordedOutcome } from '../../protocol/outcome.ts';
import type { TerminalState } from '../../protocol/run-state.ts';
import type { RunRow, RunSummary } from '../database/runs.ts';
import type { SoFar } from '../runs/feed/so-far.ts';
import type { LiveState } from '../runs/pool/live-state.ts';
import { openUnseen, type Unseen } from './unseen.ts';
import { withheldRun } from './withheld.ts';

/** What the row of a run says, closed (`unseen.ts`). */
export type StoredRun = Pick<RunRow, 'run' | 'manifest' | 'outcome' | 'withheld'>;

/** What the pool and the feed of a run know beyond its row. */
export interface RunNow {
  readonly outcome?: Unseen<Outcome>;
  readonly live?: LiveState;
  readonly soFar?: SoFar | null;
}

/** A run as whoever may see all of it sees it. */
export interface OpenRun {
  readonly sight: 'all';
  readonly run: string;
  readonly manifest: Manifest;
  readonly outcome: RecordedOutcome | null;
  /** Null where it has ended, and where its pool has not heard of it (yet). */
  readonly live: LiveState | null;
  /** What a running run has said; null for any other. */
  readonly soFar: SoFar | null;
}

export type HowMany = 'none' | 'one' | 'several';

/** A run of which an agent learns how it ended, by which limit, about how long it took, and what kinds of files it left. */
export interface WithheldRun {
  readonly sight: 'shape';
  readonly run: string;
  readonly manifest: Pick<Manifest, 'commit' | 'entry' | 'image' | 'absent'> & {
    readonly data: readonly { readonly name: string }[];
  };
  readonly end: {
    readonly state: TerminalState;
    readonly limit: Outcome['limit'];
    /** Wall time, up to the next second. */
    readonly seconds: number;
    readonly outputs: Readonly<Record<'tables' | 'images' | 'others', HowMany>>;
  } | null;
  readonly live: LiveState | null;
  /** Where a person opens it. */
  readonly page: string;
}

export type RunView = OpenRun | WithheldRun;

/** A run as the caller may see it, for whom the database decided. The one way from a run to an answer. Pure. */
export function seeRun(closed: Unseen<StoredRun>, page: string, now: RunNow = {}): RunView {
  const { run, manifest, withheld, outcome: stored } = openUnseen(closed);
  const outcome = now.outcome === undefined ? stored : openUnseen(now.outcome);
  const live = now.live ?? null;
  if (!withheld) return { sight: 'all', run, manifest, outcome, live, soFar: now.soFar ?? null };
  const { commit, entry, image, absent } = manifest;
  return {
    sight: 'shape',
    run,
    manifest: {
      commit,
      entry,
      image,
      ...(absent === undefined ? {} : { absent }),
      data: manifest.data.map(({ name }) => ({ name })),
    },
    end: outcome === null ? null : endOf(outcome),
    live,
    page,
  };
}

function endOf({
  state,
  limit,
  timings,
  outputs,
  expired,
}: RecordedOutcome): NonNullable<WithheldRun['end']> {
  const kinds = [...outputs, ...(expired?.outputs ?? [])].map(kindOf);
  const count = (kind: ReturnType<typeof kindOf>) => howMany(kinds.filter((other) => other === kind).length);
  return {
    state,
    // A run that met a limit and still ended by itself would tell by it how much its program wrote.
    limit: state === 'succeeded' || state === 'failed' ? null : limit,
    seconds: Math.ceil(timings.finished_ms / 1000),
    outputs: { tables: count('tables'), images: count('images'), others: count('others') },
  };
}

const TABLES = [
  'text/csv',
  'text/tab-separated-values',
  'application/vnd.apache.parquet',
  'application/jsonl',
];

function kindOf({ media_type: type }: Pick<Output, 'media_type'>): 'tables' | 'images' | 'others' {
  if (TABLES.includes(type)) return 'tables';
  return type.startsWith('image/') ? 'images' : 'others';
}

function howMany(count: number): HowMany {
  return count === 0 ? 'none' : count === 1 ? 'one' : 'several';
}

/** All of a run; refuses who may not see it. */
export function openRun<Stored extends StoredRun>(closed: Unseen<Stored>, page: string): Stored {
  const run = openUnseen(closed);
  if (run.withheld) throw withheldRun(page);
  return run;
}

/** A line of a list of runs. Of a withheld one it has nothing that the program said, and times to the second only. Pure. */
export function seeSummary(
  closed: Unseen<RunSummary>,
): Omit<RunSummary, 'outputs'> & { outputs: number | null } {
  const summary = openUnseen(closed);
  if (!summary.withheld) return summary;
  const { state, finishedAt } = summary;
  return {
    ...summary,
    message: state === 'queued' ? null : END_MESSAGES[state],
    outputs: null,
    finishedAt: finishedAt === null ? null : nextSecond(finishedAt),
  };
}

/** Up, so that no run ends before it began. */
function nextSecond(iso: string): string {
  return new Date(Math.ceil(Date.parse(iso) / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}

/** What is said of the end of a withheld run: the same for every program. */
export const END_MESSAGES: Readonly<Record<TerminalState, string>> = {
  succeeded: 'Succeeded.',
  failed: 'Failed.',
  timed_out: 'Stopped: it took as long as it may.',
  out_of_memory: 'Stopped: it needed more memory than it may have.',
  process_limit: 'Stopped: it started more processes than it may.',
  output_limit: 'It left more than a run may leave.',
  cancelled: 'Cancelled.',
  lost: 'Lost with its executor, each time that it was tried.',
};
