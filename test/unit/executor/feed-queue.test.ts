import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { feedQueue } from '../../../executor/feed-queue.ts';
import type { FeedEvent } from '../../../protocol/feed.ts';

const textOf = (events: readonly FeedEvent[]) =>
  events.map((event) => (event.kind === 'stdout' || event.kind === 'stderr' ? event.text : '')).join('');
const sequences = (events: readonly FeedEvent[]) => events.map(({ sequence }) => sequence);
const charsOf = (events: readonly FeedEvent[]) =>
  events.reduce((sum, event) => sum + (event.kind === 'gap' ? event.chars : textOf([event]).length), 0);

describe('the events of a run on their way', () => {
  test('are numbered from 1 without a hole, and texts of one stream become one event', () => {
    const queue = feedQueue();
    queue.addText('stdout', 'a', 1);
    queue.addText('stdout', 'b', 2);
    queue.addText('stderr', 'c', 3);
    queue.addProgress({ done: 1, total: 2, message: 'half' }, 4);
    queue.addText('stdout', 'd', 5);
    expect(queue.take()).toEqual([
      { kind: 'stdout', text: 'ab', at_ms: 1, sequence: 1 },
      { kind: 'stderr', text: 'c', at_ms: 3, sequence: 2 },
      { kind: 'progress', done: 1, total: 2, message: 'half', at_ms: 4, sequence: 3 },
      { kind: 'stdout', text: 'd', at_ms: 5, sequence: 4 },
    ]);
    expect(queue.take()).toEqual([]);
  });

  test('that are not confirmed are sent again on a new socket, the same under the same numbers', () => {
    const queue = feedQueue();
    for (const text of ['a', 'b', 'c']) {
      queue.addText('stdout', text, 0);
      queue.take();
    }
    queue.confirm(1);
    queue.rewind();
    queue.addText('stderr', 'd', 0);
    const again = queue.take();
    expect([sequences(again), textOf(again)]).toEqual([[2, 3, 4], 'bcd']);
    queue.confirm(4);
    queue.rewind();
    expect(queue.take()).toEqual([]);
  });

  test('wait while too much is unconfirmed, and go on when it is confirmed', () => {
    const queue = feedQueue();
    const sent: FeedEvent[] = [];
    for (let n = 0; n < 30; n++) {
      queue.addText('stdout', 'x'.repeat(16 * 1024), 0);
      sent.push(...queue.take());
    }
    expect(charsOf(sent)).toBeLessThan(300 * 1024);
    queue.confirm(sent.at(-1)?.sequence ?? 0);
    expect(queue.take()).not.toEqual([]);
  });

  test('beyond what can be kept are told as a gap that counts them, and the newest are kept', () => {
    const queue = feedQueue();
    queue.take();
    const printed = Array.from({ length: 100 }, (_, n) => `${n}`.padStart(10_000, '.'));
    for (const text of printed) queue.addText('stdout', text, 7);
    const events = queue.take(true);
    expect(events[0]).toMatchObject({ kind: 'gap', sequence: 1 });
    expect(charsOf(events)).toBe(printed.join('').length);
    expect(textOf(events).endsWith(printed.at(-1) ?? '')).toBe(true);
    expect(textOf(events).length).toBeGreaterThan(100_000);
  });

  test('hold a bounded amount, whatever is printed and though nobody takes it', () => {
    const queue = feedQueue();
    for (let n = 0; n < 20_000; n++) {
      queue.addText(n % 2 === 0 ? 'stdout' : 'stderr', 'x', 0);
      queue.addProgress({ done: n, total: null, message: 'm' }, 0);
    }
    const events = queue.take(true);
    expect(events.length).toBeLessThan(3_000);
    expect(charsOf(events)).toBe(20_000);
    expect(events.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
    expect(events.at(-1)).toMatchObject({ kind: 'progress', done: 19_999 });
  });

  test('of a flood of progress are the newest', () => {
    const queue = feedQueue();
    for (let done = 0; done < 1000; done++) queue.addProgress({ done, total: 1000, message: '' }, 0);
    const events = queue.take();
    expect(events).toHaveLength(20);
    expect(events.at(-1)).toMatchObject({ done: 999 });
  });

  test('are never larger than RunFeed takes, and none ends inside a character', () => {
    const queue = feedQueue();
    queue.addText('stdout', '\0'.repeat(64 * 1024), 0);
    queue.addText('stderr', `x${'😀'.repeat(20_000)}`, 0);
    const events = queue.take(true);
    for (const event of events) {
      expect(JSON.stringify(event).length).toBeLessThan(128 * 1024);
      expect(textOf([event]).isWellFormed()).toBe(true);
    }
    expect(textOf(events)).toBe(`${'\0'.repeat(64 * 1024)}x${'😀'.repeat(20_000)}`);
  });

  test('come whole and in order over any sockets that break, with what was dropped counted', () => {
    const step = fc.oneof(
      fc.record({ act: fc.constant('print' as const), text: fc.string({ minLength: 1, maxLength: 40_000 }) }),
      fc.record({ act: fc.constantFrom('send' as const, 'lose' as const, 'receipt' as const) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = feedQueue();
        const received: FeedEvent[] = [];
        let have = 0;
        let printed = '';
        const deliver = (events: readonly FeedEvent[]) => {
          for (const event of events.filter(({ sequence }) => sequence > have)) {
            received.push(event);
            have = event.sequence;
          }
        };
        const redial = () => {
          queue.confirm(have);
          queue.rewind();
        };
        for (const each of steps) {
          if (each.act === 'print') {
            queue.addText('stdout', each.text, 0);
            printed += each.text;
          } else if (each.act === 'send') deliver(queue.take());
          else if (each.act === 'receipt') queue.confirm(have);
          else {
            queue.take();
            redial();
          }
        }
        deliver(queue.take(true));
        expect(sequences(received)).toEqual(received.map((_, index) => index + 1));
        expect(charsOf(received)).toBe(printed.length);
        if (!received.some(({ kind }) => kind === 'gap')) expect(textOf(received)).toBe(printed);
      }),
      { numRuns: 200 },
    );
  });
});
