import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Feed, openFeed } from '../../../executor/feed.ts';
import type { FeedEvent } from '../../../protocol/feed.ts';
import { type PoolPeer, startPoolPeer } from '../../support/pool-peer.ts';

/** What is said before a feed is dialled, and that the feed says it again. */
describe('the first output', () => {
  let peer: PoolPeer;
  beforeAll(async () => {
    peer = await startPoolPeer();
  });
  afterAll(() => peer.stop());

  const open = (run: string, onFirst: ((event: FeedEvent) => void) | null): Feed =>
    openFeed({
      ...{ url: `${peer.url.replace('http', 'ws')}/executor/runs/${run}/feed`, capability: 'capability' },
      ...{ onFirst, nowMs: () => 0, log: () => {} },
    });

  it('is told at once and alone, and comes by the feed in its place, as all that follows', async () => {
    const told: FeedEvent[] = [];
    const feed = open('followed', (event) => told.push(event));
    feed.write('stdout', Buffer.from('first'));
    feed.write('stderr', Buffer.from('second'));
    feed.progress({ done: 1, total: 2, message: 'third' });
    const first = { kind: 'stdout', sequence: 1, text: 'first', at_ms: 0 };
    expect(told).toEqual([first]);
    await expect
      .poll(() => peer.feeds.get('followed'))
      .toMatchObject([first, { sequence: 2, text: 'second' }, { sequence: 3, message: 'third' }]);
    feed.write('stdout', Buffer.from('fourth'));
    await feed.close();
    expect(told).toEqual([first]);
    expect(peer.feeds.get('followed')?.at(-1)).toMatchObject({ sequence: 4, text: 'fourth' });
    expect(peer.repeated).toEqual([]);
  });

  it('is told to nobody where nobody follows the run, and of a run that is over at once no feed is dialled', async () => {
    const told: FeedEvent[] = [];
    for (const onFirst of [null, (event: FeedEvent) => told.push(event)]) {
      const feed = open('short', onFirst);
      feed.write('stdout', Buffer.from('first'));
      await feed.close();
    }
    expect(told).toHaveLength(1);
    expect(peer.feeds.has('short')).toBe(false);
  });

  it('in the middle of a character waits for the rest of it', async () => {
    const told: FeedEvent[] = [];
    const feed = open('split', (event) => told.push(event));
    const smile = Buffer.from('😀');
    feed.write('stdout', smile.subarray(0, 2));
    expect(told).toEqual([]);
    feed.write('stdout', smile.subarray(2));
    expect(told).toMatchObject([{ text: '😀' }]);
    await feed.close();
  });
});
