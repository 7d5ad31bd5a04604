import type { FeedEvent } from '../../protocol/feed.ts';
import { showable } from './output/showable.ts';

const MESSAGE_CHARS_MAX = 500;

export interface FeedSummary {
  readonly done: number;
  readonly total: number | null;
  readonly message: string;
}

/**
 * What a page of events comes to, after what was told before: the newest progress and the last lines printed; null for
 * an empty page. Pure.
 */
export function summarize(
  events: readonly FeedEvent[],
  before: Pick<FeedSummary, 'done' | 'total'>,
): FeedSummary | null {
  if (events.length === 0) return null;
  let { done, total } = before;
  let said = '';
  let printed = '';
  for (const event of events) {
    if (event.kind === 'gap') printed += `\n(${event.chars} characters were not kept)\n`;
    else if (event.kind !== 'progress') printed += event.text;
    else {
      done = Math.max(done, event.done);
      total = event.total;
      said = event.message;
    }
  }
  const tail = printed.trimEnd();
  const end = tail.length > MESSAGE_CHARS_MAX ? `…${tail.slice(-MESSAGE_CHARS_MAX)}` : tail;
  const message = [said, end].filter((part) => part !== '').join('\n');
  return { done, total, message: showable(message.toWellFormed()) };
}
