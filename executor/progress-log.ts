import type { Capture } from './capture-stream.ts';
import type { Progress } from './read-progress.ts';

/** The steps that a run told of, to be kept with its outcome. */
export interface ProgressLog extends Pick<Capture, 'bytes' | 'kept'> {
  add(step: Progress, atMs: number): void;
}

/**
 * Steps as JSON lines `{at_ms, done, total, message}`, whole ones: those that first fit into so many bytes. What came later
 * is counted, and its newest was told while the run ran.
 */
export function progressLog(keptBytesMax: number): ProgressLog {
  const lines: Buffer[] = [];
  let keptBytes = 0;
  let bytes = 0;
  return {
    add(step, atMs) {
      const line = Buffer.from(`${JSON.stringify({ at_ms: Math.round(atMs), ...step })}\n`);
      const fits = keptBytes === bytes && bytes + line.length <= keptBytesMax;
      bytes += line.length;
      if (!fits) return;
      keptBytes += line.length;
      lines.push(line);
    },
    get bytes() {
      return bytes;
    },
    kept: () => Buffer.concat(lines),
  };
}
