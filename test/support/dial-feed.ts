import { WebSocket } from 'ws';
import { type FeedEvent, feedReceiptSchema } from '../../protocol/feed.ts';
import type { Job } from '../../protocol/messages.ts';
import type { TestStack } from './stack.ts';

type Said = FeedEvent extends infer Event ? (Event extends FeedEvent ? Omit<Event, 'at_ms'> : never) : never;

export interface DialledFeed {
  /** What RunFeed said that it has, each time. */
  readonly receipts: readonly number[];
  say(event: Said): void;
  sayText(text: string): void;
  /** The code with which the other side closes it. */
  readonly closed: Promise<number>;
  cut(): void;
}

/** The feed of an attempt as its executor dials it; rejects where that is refused. */
export async function dialFeed(stack: TestStack, job: Pick<Job, 'run' | 'capability'>): Promise<DialledFeed> {
  const url = `${stack.publicUrl.replace(/^http/, 'ws')}/executor/runs/${job.run}/feed`;
  const socket = new WebSocket(url, { headers: { authorization: `Bearer ${job.capability}` } });
  const receipts: number[] = [];
  socket.on('message', (data) => receipts.push(feedReceiptSchema.parse(JSON.parse(String(data))).have));
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.on('error', () => {});
  return {
    receipts,
    say: (event) => socket.send(JSON.stringify({ at_ms: 0, ...event })),
    sayText: (text) => socket.send(text),
    closed,
    cut: () => socket.terminate(),
  };
}
