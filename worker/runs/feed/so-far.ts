import type { FeedEvent } from '../../../protocol/feed.ts';
import { limit } from '../../../protocol/limits.ts';

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
    else if (event.kind !== 'gap') printed[event.kind] += event.text;
  }
  const charsMax = limit('run_stream_inline_bytes');
  const end = (text: string) => text.slice(-charsMax).toWellFormed();
  return { stdout: end(printed.stdout), stderr: end(printed.stderr), progress };
}
