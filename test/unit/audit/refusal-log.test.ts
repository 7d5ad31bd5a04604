import { describe, expect, test, vi } from 'vitest';
import { GATHER_MS, RefusalLog, SHOWN_MAX } from '../../../worker/audit/refusal-log.ts';
import type { Refused } from '../../../worker/database/refusals.ts';

const one = (n: number) => ({ route: 'POST /oauth/token', status: 401, address: `192.0.2.${n}` });

/** A log whose waits end when the test says so, and whose writes answer what the test says. */
function start(answers: readonly (number | null | Error)[] = []) {
  const written: { readonly refused: readonly Refused[]; readonly total: number }[] = [];
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  let now = 0;
  let writes = 0;
  const log = new RefusalLog({
    async write(refused, total) {
      const answer = answers[writes++] ?? null;
      if (answer instanceof Error) throw answer;
      if (answer === null) written.push({ refused, total });
      return answer;
    },
    wait: (ms) => new Promise<void>((end) => waits.push({ ms, end })),
    now: () => now,
  });
  return {
    ...{ log, written, waits },
    pass: (ms: number) => {
      now += ms;
    },
    /** Ends the wait that is under way. */
    end: () => waits.at(-1)?.end(),
  };
}

describe('refusals before it is known who asks', () => {
  test('are counted, and written once as one row', async () => {
    const { log, written, waits, end } = start();
    const work = [one(1), one(2), one(1), one(1)].map((refused) => log.add(refused));
    expect(work.map((promise) => promise === null)).toEqual([false, true, true, true]);
    expect(waits.map(({ ms }) => ms)).toEqual([GATHER_MS]);
    end();
    await work[0];
    expect(written).toEqual([
      {
        refused: [
          { ...one(1), count: 3 },
          { ...one(2), count: 1 },
        ],
        total: 4,
      },
    ]);
  });

  test('of many kinds take a row of bounded size: the most frequent, and how many there were in all', async () => {
    const { log, written, end } = start();
    const work = log.add(one(0));
    for (let n = 0; n < 10_000; n++) log.add(one(n));
    for (let n = 0; n < 9; n++) log.add(one(0));
    end();
    await work;
    expect(written).toMatchObject([{ total: 10_010 }]);
    expect(written[0]?.refused).toHaveLength(SHOWN_MAX);
    expect(written[0]?.refused[0]).toEqual({ ...one(0), count: 11 });
  });

  test('wait where the log takes no row yet or does not answer, and lose nothing meanwhile', async () => {
    const { log, written, waits, end } = start([40, new Error('away'), null]);
    const work = log.add(one(1));
    end();
    await vi.waitUntil(() => waits.length === 2);
    log.add(one(1));
    log.add(one(2));
    end();
    await vi.waitUntil(() => waits.length === 3);
    end();
    await work;
    expect(waits.map(({ ms }) => ms)).toEqual([GATHER_MS, 40_000, 60_000]);
    expect(written).toEqual([
      {
        refused: [
          { ...one(1), count: 2 },
          { ...one(2), count: 1 },
        ],
        total: 3,
      },
    ]);
  });

  test('are written by a later one where the platform ended the first too soon', async () => {
    const { log, written, waits, pass, end } = start();
    log.add(one(1));
    pass(GATHER_MS);
    expect(log.add(one(1))).toBeNull();
    pass(GATHER_MS);
    const work = log.add(one(2));
    expect(waits).toHaveLength(2);
    end();
    await work;
    expect(written).toMatchObject([{ total: 3 }]);
  });
});
