import { limit } from '../../../protocol/limits.ts';
import type { FeedEvent } from '../../../protocol/messages.ts';

/** What an active run has said until now: the ends of its streams and its newest progress. */
export interface SoFar {
  readonly stdout: string;
  readonly stderr: string;
  readonly progress: {
    readonly done: number;
    readonly total: number | null;
    readonly message: string;
  } | null;
}

/** Gathers events into what an answer carries of them. Pure. */
export function soFar(events: readonly FeedEvent[]): SoFar {
  const printed = { stdout: '', stderr: '' };
  let progress: SoFar['progress'] = null;
  for (const event of events) {
    if (event.kind === 'progress')
      progress = { done: event.done, total: event.total, message: event.message };
    else printed[event.kind] += event.text;
  }
  const charsMax = limit('run_stream_inline_bytes');
  return { stdout: printed.stdout.slice(-charsMax), stderr: printed.stderr.slice(-charsMax), progress };
}
