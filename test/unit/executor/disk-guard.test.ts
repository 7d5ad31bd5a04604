import { tmpdir } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { type DiskGuard, guardDisk, whyFull } from '../../../executor/disk-guard.ts';

const MIB = 1024 * 1024;

describe('a disk has no room for runs', () => {
  it.each([
    [
      'with less than is kept free',
      { freeBytes: 9 * MIB, freeInodes: 5_000 },
      /has 9 MiB free, less than 10$/,
    ],
    ['without inodes', { freeBytes: 10 * MIB, freeInodes: 999 }, /has 999 inodes free$/],
    ['and has with just enough', { freeBytes: 10 * MIB, freeInodes: 1_000 }, null],
    ['and has where inodes are not counted', { freeBytes: 10 * MIB, freeInodes: Infinity }, null],
  ])('%s', (_, space, expected) => {
    const why = whyFull(space, 10 * MIB);
    if (expected === null) expect(why).toBeNull();
    else expect(why).toMatch(expected);
  });
});

describe('the guard of a disk', () => {
  let guard: DiskGuard | undefined;
  afterEach(() => guard?.stop());

  it('makes room first, tells of a change once, and knows what it saw last', async () => {
    const told: (string | null)[] = [];
    const asked: number[] = [];
    guard = guardDisk({
      dir: tmpdir(),
      keepFreeBytes: Number.MAX_SAFE_INTEGER,
      makeRoom: async (bytes) => void asked.push(bytes),
      onChange: (why) => told.push(why),
    });
    expect(guard.why()).toBeNull();
    const why = await guard.look();
    await guard.look();
    expect(why).toMatch(/less than/);
    expect(guard.why()).toMatch(/less than/);
    expect(told).toEqual([why]);
    expect(asked).toHaveLength(2);
  });

  it('asks for no room where there is enough', async () => {
    const makeRoom = async () => expect.unreachable();
    guard = guardDisk({ dir: tmpdir(), keepFreeBytes: 1, makeRoom, onChange: () => expect.unreachable() });
    expect(await guard.look()).toBeNull();
  });
});
