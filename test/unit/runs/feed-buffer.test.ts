import { describe, expect, test } from 'vitest';
import type { FeedEvent } from '../../../protocol/feed.ts';
import { FeedBuffer } from '../../../worker/runs/feed/feed-buffer.ts';
import { memorySql } from '../../support/memory-sql.ts';

const printed = (sequence: number, text: string): FeedEvent => ({ kind: 'stdout', sequence, at_ms: 0, text });
const textOf = (events: readonly FeedEvent[]) =>
  events.map((event) => ('text' in event ? event.text : '')).join('');

/** The storage of one object, and the object as it is after an eviction. */
function storage() {
  const sql = memorySql() as unknown as ConstructorParameters<typeof FeedBuffer>[0];
  const tables = () => sql.exec('select name from sqlite_master').toArray();
  return { open: () => new FeedBuffer(sql), tables };
}

describe('what a run said until now', () => {
  test('is in order, once each, whatever comes twice or late', () => {
    const buffer = storage().open();
    for (const [sequence, text] of [
      [1, 'a'],
      [2, 'b'],
      [1, 'again'],
      [3, 'c'],
      [2, 'again'],
    ] as const)
      buffer.add(1, printed(sequence, text));
    expect(textOf(buffer.all())).toBe('abc');
    expect(buffer.have(1)).toBe(3);
  });

  test('is read on at a position, over evictions, by whoever was told of one', () => {
    const { open } = storage();
    const before = open();
    for (let n = 1; n <= 5; n++) before.add(1, printed(n, `${n}`));
    const first = before.read(0);
    before.flush();
    const after = open();
    expect(after.read(first.position).events).toEqual([]);
    expect(after.isEmptyAfter(first.position)).toBe(true);
    after.add(1, printed(6, '6'));
    expect(after.isEmptyAfter(first.position)).toBe(false);
    expect(textOf(after.read(first.position).events)).toBe('6');
    expect(textOf(after.read(0).events)).toBe('123456');
  });

  test('and was not written yet is not confirmed to an object that begins anew', () => {
    const { open } = storage();
    const before = open();
    before.add(1, printed(1, 'a'));
    before.flush();
    before.add(1, printed(2, 'b'));
    const after = open();
    expect(after.have(1)).toBe(1);
    after.add(1, printed(2, 'b'));
    expect(textOf(after.all())).toBe('ab');
  });

  test('begins anew with the next attempt, and an older one is heard no more', () => {
    const { open } = storage();
    const buffer = open();
    buffer.add(1, printed(1, 'first'));
    buffer.flush();
    const { position } = buffer.read(0);
    buffer.add(2, printed(1, 'second'));
    expect(buffer.add(1, printed(2, 'late'))).toBe(false);
    expect(textOf(buffer.all())).toBe('second');
    expect(textOf(buffer.read(position).events)).toBe('second');
    expect([buffer.have(1), buffer.have(2)]).toEqual([0, 1]);
    buffer.flush();
    expect(textOf(open().all())).toBe('second');
  });

  test('keeps its newest 256 KiB, in memory no more than a part', () => {
    const { open } = storage();
    const buffer = open();
    for (let n = 1; n <= 200; n++) {
      buffer.add(1, printed(n, `${n}`.padStart(10_000, '.')));
      if (buffer.isFull) buffer.flush();
    }
    const kept = textOf(buffer.all());
    expect(kept.length).toBeGreaterThan(256 * 1024);
    expect(kept.length).toBeLessThan(700 * 1024);
    expect(kept.endsWith('200')).toBe(true);
  });

  test('leaves nothing where it was only looked at, or was over before it was written', () => {
    const { open, tables } = storage();
    const buffer = open();
    expect(buffer.read(0)).toEqual({ events: [], position: 0 });
    buffer.add(1, printed(1, 'short'));
    buffer.clear();
    buffer.flush();
    expect(tables()).toEqual([]);
    expect(buffer.all()).toEqual([]);
  });
});
