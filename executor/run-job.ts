import type { FeedEvent } from '../protocol/feed.ts';
import { limit } from '../protocol/limits.ts';
import type { Manifest } from '../protocol/manifest.ts';
import type { Job, RefusalCode } from '../protocol/messages.ts';
import type { Outcome } from '../protocol/outcome.ts';
import type { BlobCache } from './blob-cache.ts';
import { describeStream } from './capture-stream.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { BlobFetcher } from './fetch-blobs.ts';
import { fillWorkspace } from './fill-workspace.ts';
import { type Harvest, harvest } from './harvest.ts';
import type { Log } from './log.ts';
import type { MemoryAccount } from './memory-account.ts';
import { decideOutcome, neverBegan } from './outcome.ts';
import { lastTraceback, readStacks } from './read-traceback.ts';
import { releaseStack } from './release-stack.ts';
import type { EndFacts } from './sandbox/engine.ts';
import { coldSpec, orderFor, sandboxLimits, wishOf } from './sandbox-plan.ts';
import { storeBlobs } from './store-blobs.ts';
import type { WarmPool } from './warm-pool.ts';
import { openFeedFor, watchRun } from './watch-run.ts';

/** What a full disk may look like. */
const SPACE_CODES: readonly RefusalCode[] = ['input_unavailable', 'no_sandbox', 'no_space', 'fault'];
/** Of an attempt that is over sooner, uploads and all, the outcome says when it began: nobody has asked yet, and a message takes CPU from it. */
const SAY_STARTED_AFTER_MS = 100;
const NOTHING_LEFT: Harvest = { kept: [], refused: [], limit: null };

export interface RunContext {
  readonly baseUrl: string;
  readonly cache: BlobCache;
  readonly fetcher: BlobFetcher;
  readonly pool: WarmPool;
  readonly sandbox: { readonly engine: string; readonly image: Manifest['image'] };
  readonly memory: MemoryAccount;
  readonly disk: Pick<DiskGuard, 'why' | 'look'>;
  /** The most that one run may have here. */
  readonly memoryBytesMax: number;
  readonly log: Log;
}

export interface RunControl {
  /** Aborted when the program is to end: it was cancelled (report what there is), or it is {@link abandoned}. */
  readonly signal: AbortSignal;
  /** Aborted when nobody wants the outcome any more, also of a run that was cancelled before: the lease is lost, or the executor stops. */
  readonly abandoned: AbortSignal;
  /** The program runs, since so long. */
  started(agoMs: number): void;
  /** The first event of a run that somebody follows, where its feed is not dialled yet. */
  printed(first: FeedEvent): void;
  /** Called at most once; never for an abandoned run. */
  report(result: JobResult): void;
}

export type JobResult =
  | { readonly kind: 'outcome'; readonly outcome: Outcome }
  | { readonly kind: 'refused'; readonly code: RefusalCode; readonly reason: string };

/**
 * One run's life. Resolves when nothing of it is left on this host; its result was given to `control.report` before that,
 * because destroying takes longer than most runs.
 */
export async function runJob(job: Job, context: RunContext, control: RunControl): Promise<void> {
  const receivedMs = performance.now();
  const sinceReceiptMs = () => performance.now() - receivedMs;
  const log: Log = (level, message, fields) =>
    context.log(level, message, { run: job.run, fence: job.fence, ...fields });
  const releases = releaseStack((error) => log('error', 'a release failed', { reason: String(error) }));
  const refuse = async (code: RefusalCode, reason: string) => {
    // Without space many things fail, each in its own words.
    const whyFull = SPACE_CODES.includes(code) ? await context.disk.look().catch(() => null) : null;
    if (control.abandoned.aborted) return;
    if (whyFull === null) control.report({ kind: 'refused', code, reason });
    else control.report({ kind: 'refused', code: 'no_space', reason: whyFull });
  };
  try {
    const limits = sandboxLimits(job.manifest.limits);
    if (job.manifest.image !== context.sandbox.image)
      return await refuse('unknown_image', 'the run is pinned to another image');
    if (limits.memoryBytes > context.memoryBytesMax)
      return await refuse('too_much_memory', 'the run asks for more memory than this host gives');

    // prepare
    const whyFull = context.disk.why();
    if (whyFull !== null) return await refuse('no_space', whyFull);
    const feed = openFeedFor(job, context.baseUrl, { printed: control.printed, nowMs: sinceReceiptMs, log });
    releases.push(() => feed?.close());
    releases.push(() => context.pool.refill());
    releases.push(context.cache.hold(job.blobs.map(({ sha256 }) => ({ tenant: job.tenant, sha256 }))));
    const fetched = await context.fetcher.fetchAll(job.tenant, job.blobs, control.signal);
    if (!fetched.ok) return await refuse(fetched.code, fetched.reason);

    // claim
    const reserved = await context.memory.reserve(limits.memoryBytes, control.signal);
    if (reserved === null) return await refuse('no_sandbox', 'it was cancelled before it began');
    releases.push(reserved);
    const claim = await context.pool.claim(wishOf(job), coldSpec(job.manifest), control.signal);
    if (!claim.ok) return await refuse('no_sandbox', claim.reason);
    const { sandbox, isWarm } = claim.claimed;
    releases.push(() => sandbox.destroy());
    const filled = await fillWorkspace(sandbox.folders, job, context.cache);
    if (!filled.ok) return await refuse('input_unavailable', filled.reason);
    await sandbox.claim(limits);
    if (sandbox.isOver) return await refuse('no_sandbox', 'its sandbox ended before it began');

    // go, stream
    const watched = watchRun(sandbox, job.manifest, control.signal, feed, sinceReceiptMs);
    const goMs = sinceReceiptMs();
    sandbox.go(orderFor(job.manifest));
    const saying = setTimeout(() => control.started(sinceReceiptMs() - goMs), SAY_STARTED_AFTER_MS);
    releases.push(() => clearTimeout(saying));
    const facts = await sandbox.ended;
    const finishedMs = sinceReceiptMs();
    const ended = watched.finish();
    void feed?.close();
    if (control.abandoned.aborted) return;
    if (neverBegan({ stop: ended.stop, facts }))
      return await refuse('no_sandbox', 'its sandbox ended before the first line of the program');

    // harvest
    const left =
      ended.stop === 'cancel' ? NOTHING_LEFT : await harvest(sandbox.folders.outputs, harvestLimits);
    const stdout = describeStream(ended.stdout, limit('run_stream_inline_bytes'));
    const stderr = describeStream(ended.stderr, limit('run_stream_inline_bytes'));
    const progress = describeStream(ended.progress, limit('run_stream_inline_bytes'));
    const blobs = [
      ...left.kept.map(({ output, body }) => ({ sha256: output.sha256, body })),
      ...[stdout, stderr, progress].flatMap(({ stream, blob }) =>
        stream.sha256 !== null && blob !== null ? [{ sha256: stream.sha256, body: blob }] : [],
      ),
    ];
    const stored = await storeBlobs(context.baseUrl, job.capability, blobs, control.abandoned);
    if (!stored.ok) return await refuse('output_not_stored', stored.reason);

    // report
    const decision = decideOutcome({
      stop: ended.stop,
      facts,
      limits: job.manifest.limits,
      entry: job.manifest.entry,
      error: lastTraceback(ended.stderr),
      stoodAt: readStacks(facts.stacks),
      ranMs: finishedMs - goMs,
      harvestLimit: left.limit,
      isCut: [stdout, stderr].some(({ stream }) => stream.bytes > stream.kept_bytes),
    });
    control.report({
      kind: 'outcome',
      outcome: {
        ...decision,
        stdout: stdout.stream,
        stderr: stderr.stream,
        ...(progress.stream.bytes === 0 ? {} : { progress: progress.stream }),
        outputs: left.kept.map(({ output }) => output),
        refused_outputs: [...left.refused],
        timings: {
          prepared_ms: rounded(goMs),
          first_output_ms: ended.firstOutputMs === null ? null : rounded(ended.firstOutputMs),
          finished_ms: rounded(finishedMs),
          reported_ms: rounded(sinceReceiptMs()),
        },
        usage: usageOf(facts),
        sandbox: { ...context.sandbox, warm: isWarm },
      },
    });
  } catch (error) {
    log('error', 'the run failed in the executor', { reason: String((error as Error).stack ?? error) });
    await refuse('fault', 'a fault of the executor');
  } finally {
    // destroy
    await releases.releaseAll();
  }
}

const harvestLimits = { filesMax: limit('run_harvest_files'), bytesMax: limit('run_harvest_bytes') };

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

function usageOf(facts: EndFacts): Outcome['usage'] {
  return {
    cpu_ms: facts.cpuMs === null ? null : rounded(facts.cpuMs),
    memory_peak_bytes: facts.memoryPeakBytes,
  };
}
