import type { FeedEvent } from '../protocol/feed.ts';
import type { Manifest } from '../protocol/manifest.ts';
import type { Job } from '../protocol/messages.ts';
import { type Capture, captureStream } from './capture-stream.ts';
import { type Feed, openFeed } from './feed.ts';
import type { Log } from './log.ts';
import type { Stop } from './outcome.ts';
import { type ProgressLog, progressLog } from './progress-log.ts';
import { readProgress } from './read-progress.ts';
import type { Sandbox } from './sandbox/engine.ts';
import { lineSplitter } from './sandbox/report-lines.ts';

/** Output after which a run is ended: reading and discarding it costs the host what the run pays for nowhere. */
const FLOOD_BYTES_MAX = 64 * 1024 * 1024;
const PROGRESS_BYTES_MAX = 8 * 1024 * 1024;
const PROGRESS_LINE_CHARS_MAX = 4096;

/** What was seen of a run while it ran. */
export interface Watched {
  readonly stop: Stop;
  readonly stdout: Capture;
  readonly stderr: Capture;
  readonly progress: ProgressLog;
  readonly firstOutputMs: number | null;
}

/** The live output of a run; none for those that the system starts itself and nobody follows. */
export function openFeedFor(
  job: Job,
  baseUrl: string,
  { printed, nowMs, log }: { printed: (first: FeedEvent) => void; nowMs: () => number; log: Log },
): Feed | null {
  if (job.manifest.kind === 'inspect') return null;
  const url = `${baseUrl.replace(/^http/, 'ws')}/executor/runs/${job.run}/feed`;
  const onFirst = job.followed === true ? printed : null;
  return openFeed({ url, capability: job.capability, onFirst, nowMs, log });
}

/** Listens to a run from before it goes until {@link finish}: keeps its output, passes it on, and stops it where it must. */
export function watchRun(
  sandbox: Sandbox,
  manifest: Manifest,
  signal: AbortSignal,
  feed: Feed | null,
  nowMs: () => number,
): { finish(): Watched } {
  const stdout = captureStream(manifest.limits.stream_bytes);
  const stderr = captureStream(manifest.limits.stream_bytes);
  const steps = progressLog(manifest.limits.stream_bytes);
  let stop: Stop = null;
  let firstOutputMs: number | null = null;
  let progressBytes = 0;

  const stopFor = (reason: Exclude<Stop, null>): void => {
    stop ??= reason;
    sandbox.stop();
  };
  const listen = (kind: 'stdout' | 'stderr', capture: Capture): void => {
    sandbox[kind].on('data', (chunk: Buffer) => {
      firstOutputMs ??= nowMs();
      const kept = capture.add(chunk);
      if (kept.length > 0) feed?.write(kind, kept);
      if (stdout.bytes + stderr.bytes > FLOOD_BYTES_MAX) stopFor('flood');
    });
  };
  listen('stdout', stdout);
  listen('stderr', stderr);
  const readLine = lineSplitter(PROGRESS_LINE_CHARS_MAX, (line) => {
    const progress = readProgress(line);
    if (progress === null) return;
    steps.add(progress, nowMs());
    feed?.progress(progress);
  });
  sandbox.progress.on('data', (chunk: Buffer) => {
    progressBytes += chunk.length;
    if (progressBytes > PROGRESS_BYTES_MAX) stopFor('flood');
    else readLine(chunk);
  });
  const onAbort = () => stopFor('cancel');
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const wall = setTimeout(() => {
    // It has ended in its time; that this is being seen takes some more.
    if (sandbox.isOver) return;
    stop ??= 'wall';
    void sandbox.askWhereItStands().then(() => sandbox.stop());
  }, manifest.limits.wall_ms);

  return {
    finish() {
      clearTimeout(wall);
      signal.removeEventListener('abort', onAbort);
      return { stop, stdout, stderr, progress: steps, firstOutputMs };
    },
  };
}
