import { LIMITS } from '../../protocol/limits.ts';
import type { RecordedOutcome, Stream } from '../../protocol/outcome.ts';
import { END_MESSAGES, type OpenRun, type RunView, type WithheldRun } from '../sight/see-run.ts';
import type { SoFar } from './feed/so-far.ts';
import { hintOfError } from './hint-of-error.ts';
import { whatExpired } from './output/expired.ts';
import { showable } from './output/showable.ts';
import type { LiveState } from './pool/live-state.ts';

/** A run as every run tool answers it: how it stands, what it printed and left, and what it was made of. Pure. */
export function presentRun(view: RunView) {
  return view.sight === 'all' ? presentOpen(view) : presentWithheld(view);
}

function presentOpen({ run, manifest, outcome, live, soFar }: OpenRun) {
  return {
    run,
    state: outcome?.state ?? live?.state ?? 'queued',
    message: outcome?.message ?? activeMessage(live, soFar),
    error: outcome?.error ?? null,
    limit: presentLimit(outcome?.limit ?? null),
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
    hint:
      outcome === null
        ? waitHint(run)
        : (whatExpired(outcome) ?? hintOfError(outcome) ?? hintOfLeavings(outcome)),
  };
}

/** A run that succeeds and says nothing was meant to say something. */
function hintOfLeavings({ state, outputs, stdout, stderr }: RecordedOutcome): string | null {
  if (outputs.length > 0) return 'get_run_output shows an output.';
  const isSilent = state === 'succeeded' && stdout.bytes + stderr.bytes === 0;
  return isSilent ? 'It printed nothing and left no file: print a summary, or causeway.save results.' : null;
}

/** The same fields, those that could say something of the data empty whatever the program did. */
function presentWithheld({ run, manifest, end, live, page }: WithheldRun) {
  const { absent, ...made } = manifest;
  return {
    run,
    state: end?.state ?? live?.state ?? 'queued',
    message: end === null ? activeMessage(live, null) : END_MESSAGES[end.state],
    error: null,
    limit: presentLimit(end?.limit ?? null),
    stdout: NOT_SHOWN,
    stderr: NOT_SHOWN,
    outputs: [],
    refused_outputs: [],
    timings: end === null ? null : { finished_ms: end.seconds * 1000 },
    manifest: { ...made, absent_packages: absent ?? [] },
    withheld: {
      outputs: end?.outputs ?? null,
      page,
    },
    hint:
      end === null
        ? waitHint(run)
        : `It had data of which agents see the schema only. Give the person ${page}, which shows all of it once they are signed in. A run that names other data (data: [] is none) is shown whole.`,
  };
}

const NOT_SHOWN = { text: '', bytes: 0, truncated: true };

function presentLimit(limit: { readonly name: keyof typeof LIMITS; readonly value: number } | null) {
  return limit === null ? null : { ...limit, says: LIMITS[limit.name].says };
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

function activeMessage(live: LiveState | null, soFar: SoFar | null): string {
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

function waitHint(run: string): string {
  return `Call get_run with run="${run}" and wait_seconds=45 for its end.`;
}
