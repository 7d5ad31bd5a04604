import { EMPTY_STREAM, type Outcome } from '../../../protocol/outcome.ts';

const NO_IMAGE = `sha256:${'0'.repeat(64)}`;

/** The outcome of a run that ended without an executor's word: nothing is known but why. */
export function systemOutcome(state: 'cancelled' | 'lost', message: string, image: string | null): Outcome {
  return {
    state,
    exit_code: null,
    limit: null,
    error: null,
    message,
    stdout: EMPTY_STREAM,
    stderr: EMPTY_STREAM,
    outputs: [],
    refused_outputs: [],
    timings: { prepared_ms: 0, first_output_ms: null, finished_ms: 0, reported_ms: 0 },
    usage: { cpu_ms: null, memory_peak_bytes: null },
    sandbox: { engine: 'none', image: image ?? NO_IMAGE, warm: false },
  };
}
