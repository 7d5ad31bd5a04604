import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type IncomingBodies,
  incomingPath,
  isAbandoned,
  sweepIncoming,
  type WaitingBody,
} from '../../../worker/blobs/incoming.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const DAY_MS = 24 * 3600_000;
const OLD = NOW - 2 * DAY_MS;
const SHA256 = 'ab'.repeat(32);

describe('a body below incoming/ is abandoned', () => {
  test.each<[string, WaitingBody, boolean]>([
    [
      'after more than a day',
      { path: incomingPath('ten_a', 'upl_b-req_c'), writtenAt: NOW - DAY_MS - 1 },
      true,
    ],
    ['not at a day', { path: incomingPath('ten_a', 'upl_b-req_c'), writtenAt: NOW - DAY_MS }, false],
    ['not while it comes', { path: incomingPath('ten_a', 'upl_b-req_c'), writtenAt: NOW }, false],
    [
      'not where the clock of the store is ahead',
      { path: incomingPath('ten_a', 'x'), writtenAt: NOW + DAY_MS },
      false,
    ],
    ['not where its age is not known', { path: incomingPath('ten_a', 'x'), writtenAt: Number.NaN }, false],
    ['not where it is a blob', { path: `ten_a/${SHA256}`, writtenAt: OLD }, false],
    ['not where it is a folder', { path: 'incoming/ten_a', writtenAt: OLD }, false],
    ['not where it leads out', { path: `incoming/../ten_a/${SHA256}`, writtenAt: OLD }, false],
    ['not where it leads out in two steps', { path: `incoming/..`, writtenAt: OLD }, false],
    ['not where a step is empty', { path: `incoming//${SHA256}`, writtenAt: OLD }, false],
    ['not where it only begins alike', { path: `incoming-2/ten_a/${SHA256}`, writtenAt: OLD }, false],
    ['not where it is deeper', { path: `incoming/ten_a/deep/${SHA256}`, writtenAt: OLD }, false],
  ])('%s', (_, body, expected) => {
    expect(isAbandoned(body, NOW)).toBe(expected);
  });
});

/** A store that lists whatever it holds, asked for or not. */
function careless(held: Map<string, number>): IncomingBodies {
  return {
    list: async () => [...held].map(([path, writtenAt]) => ({ path, writtenAt })),
    async remove(paths) {
      for (const path of paths) held.delete(path);
    },
  };
}

test('whatever a store lists, no blob and nothing young is removed', async () => {
  const step = fc.constantFrom('incoming', 'ten_a', 'upl_b-req_c', SHA256, '..', '.', '', 'a b');
  const body = fc.tuple(
    fc.array(step, { minLength: 1, maxLength: 5 }).map((steps) => steps.join('/')),
    fc.integer({ min: OLD, max: NOW + DAY_MS }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(body, { maxLength: 30 }), async (bodies) => {
      const held = new Map(bodies);
      const before = new Map(bodies);
      const removed = await sweepIncoming(careless(held), { now: NOW, bodiesMax: 100 });
      const gone = [...before].filter(([path]) => !held.has(path));
      expect(gone).toHaveLength(removed);
      for (const [path, writtenAt] of gone) {
        expect(path).toMatch(/^incoming\/[^/.]+\/[^/.]+$/);
        expect(writtenAt).toBeLessThan(NOW - DAY_MS);
      }
    }),
  );
});
