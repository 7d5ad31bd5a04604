import { LIMITS } from '../../protocol/limits.ts';
import type { Stream } from '../../protocol/outcome.ts';
import { showable } from './output/showable.ts';
import type { RunView } from './run-view.ts';

export type RunAnswer = ReturnType<typeof presentRun>;

/** A run as every run tool answers it: how it stands, what it printed and left, and what it was made of. Pure. */
export function presentRun({ run, manifest, outcome, live, soFar }: RunView) {
  return {
    run,
    state: outcome?.state ?? live?.state ?? 'queued',
    message: outcome?.message ?? activeMessage(live, soFar),
    error: outcome?.error ?? null,
    limit: outcome?.limit ? { ...outcome.limit, says: LIMITS[outcome.limit.name].says } : null,
    stdout: presentStream(outcome?.stdout, soFar?.stdout),
    stderr: presentStream(outcome?.stderr, soFar?.stderr),
    outputs: (outcome?.outputs ?? []).map(({ name, bytes, media_type }) => ({ name, bytes, media_type })),
    refused_outputs: outcome?.refused_outputs ?? [],
    timings: outcome === null ? null : { ...outcome.timings, cpu_ms: outcome.usage.cpu_ms },
    manifest: {
      commit: manifest.commit,
      entry: manifest.entry,
      data: manifest.data.map(({ name, sha256 }) => ({ name, sha256 })),
      image: manifest.image,
      absent_packages: manifest.absent ?? [],
    },
    hint: hintOf(run, outcome !== null, outcome?.outputs.length ?? 0),
  };
}

/** A stream of an ended run begins at its beginning; of an active one the newest end is shown. */
function presentStream(stream: Stream | undefined, soFar = '') {
  if (stream !== undefined)
    return { text: showable(stream.inline), bytes: stream.bytes, truncated: stream.truncated };
  return {
    text: showable(soFar),
    bytes: new TextEncoder().encode(soFar).byteLength,
    truncated: soFar !== '',
  };
}

function activeMessage(live: RunView['live'], soFar: RunView['soFar']): string {
  if (live === null) return 'Queued.';
  const again = live.attempt > 1 ? ` Attempt ${live.attempt}.` : '';
  if (live.cancelRequested) return `Being cancelled.${again}`;
  if (live.state === 'queued')
    return `Queued${live.ahead === null ? '' : `, ${live.ahead} before it`}${live.waitsFor === null ? '' : `: ${live.waitsFor}`}.${again}`;
  if (live.state === 'leased') return `Being prepared by an executor.${again}`;
  if (soFar?.progress == null) return `Running.${again}`;
  const { done, total, message } = soFar.progress;
  return `Running: ${done}${total === null ? '' : ` of ${total}`}${message === '' ? '' : `, ${showable(message)}`}.${again}`;
}

function hintOf(run: string, hasEnded: boolean, outputs: number): string | null {
  if (!hasEnded) return `Call get_run with run="${run}" and wait_seconds=45 for its end.`;
  return outputs > 0 ? 'get_run_output shows an output.' : null;
}
