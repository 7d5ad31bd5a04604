import { EMPTY_STREAM, type Outcome } from '../../protocol/outcome.ts';

export const PLAYED_IMAGE = `sha256:${'a'.repeat(64)}`;

/** An outcome as a run that printed `text` would have it. */
export function succeeded(text = ''): Outcome {
  const bytes = Buffer.byteLength(text);
  return {
    state: 'succeeded',
    exit_code: 0,
    limit: null,
    error: null,
    message: 'Finished.',
    stdout: { inline: text, bytes, kept_bytes: bytes, truncated: false, sha256: null },
    stderr: EMPTY_STREAM,
    outputs: [],
    refused_outputs: [],
    timings: { prepared_ms: 1, first_output_ms: 2, finished_ms: 3, reported_ms: 4 },
    usage: { cpu_ms: 1, memory_peak_bytes: 1 },
    sandbox: { engine: 'played', image: PLAYED_IMAGE, warm: true },
  };
}
