import { expect, test } from 'vitest';
import { SessionStore } from '../../../worker/mcp/session/session-store.ts';
import { EndedSessions } from '../../../worker/tenants/ended-sessions.ts';
import { memorySql } from '../../support/memory-sql.ts';

const KIB = 1024;
const MINUTE_MS = 60_000;

test('looking at a session that keeps nothing makes nothing', () => {
  const sql = memorySql();
  const store = new SessionStore(sql as never);
  expect([store.subscriptions(), store.get('level'), store.takeAnswer('q')]).toEqual([[], null, null]);
  expect(store.answerQuestion('q', '{}')).toBe(false);
  expect(sql.exec('select name from sqlite_master').toArray()).toEqual([]);
});

test('messages are kept up to 256 and 1 MiB, the oldest go first', () => {
  const store = new SessionStore(memorySql() as never);
  const start = store.newestId();
  for (let n = 1; n <= 300; n++) store.addEvent({ n });
  const many = store.eventsAfter(start);
  expect([many.isWhole, many.events.length, many.events[0]?.message]).toEqual([false, 256, { n: 45 }]);
  for (let n = 1; n <= 8; n++) store.addEvent({ n, text: 'x'.repeat(200 * KIB) });
  const large = store.eventsAfter(many.events.at(-1)?.id ?? '');
  expect([large.isWhole, large.events.length]).toEqual([false, 5]);
});

test('a message goes on after the one that was seen, and a store that was made anew says that it may miss some', () => {
  const sql = memorySql();
  const store = new SessionStore(sql as never);
  const first = store.addEvent({ n: 1 });
  store.addEvent({ n: 2 });
  expect(new SessionStore(sql as never).eventsAfter(first.id)).toMatchObject({
    isWhole: true,
    events: [{ message: { n: 2 } }],
  });
  const other = new SessionStore(memorySql() as never);
  other.addEvent({ n: 1 });
  expect(other.eventsAfter(first.id).isWhole).toBe(false);
});

test('a question has one answer, which is taken once; one that nobody answers is forgotten', () => {
  const store = new SessionStore(memorySql() as never);
  expect(Array.from({ length: 17 }, (_, n) => store.openQuestion(`q${n}`, 0)).filter(Boolean)).toHaveLength(
    16,
  );
  expect([store.answerQuestion('q1', 'first'), store.answerQuestion('q1', 'second')]).toEqual([true, false]);
  expect([store.takeAnswer('q1'), store.takeAnswer('q1')]).toEqual(['first', null]);
  expect(store.openQuestion('again', 16 * MINUTE_MS)).toBe(true);
  expect(store.answerQuestion('q2', 'late')).toBe(false);
});

test('a tenant’s deleted sessions are remembered until they expire, 10,000 at most', () => {
  const sql = memorySql();
  const ended = new EndedSessions(sql as never);
  expect(ended.has('none')).toBe(false);
  expect(sql.exec('select name from sqlite_master').toArray()).toEqual([]);
  ended.add('short', 10, 0);
  ended.add('long', 1_000, 0);
  expect(new EndedSessions(sql as never).has('short')).toBe(true);
  for (let n = 0; n < 9_999; n++) ended.add(`s${n}`, 1_000, 20);
  expect(['short', 'long', 's0', 's9998'].map((session) => ended.has(session))).toEqual([
    false,
    true,
    true,
    true,
  ]);
  ended.add('one more', 1_000, 20);
  expect([ended.has('long'), ended.has('s0')]).toEqual([false, true]);
});
