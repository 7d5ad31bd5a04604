import { describe, expect, test, vi } from 'vitest';
import { DatabaseError, DatabaseUnavailable, EntryRefused } from '../../../worker/database/errors.ts';
import type { TokenUse } from '../../../worker/tokens/token-use.ts';
import { FLUSH_MS, UseLog, WAITING_MAX } from '../../../worker/tokens/use-log.ts';

const use = (n: number) => ({ request: `req_${n}` }) as TokenUse;
const uses = (count: number) => Array.from({ length: count }, (_, n) => use(n));

/** A log whose waits end when the test says so, and whose writes answer what the test says. */
function start(answers: readonly (Error | null)[] = []) {
  const written: { readonly uses: readonly TokenUse[]; readonly dropped: number }[] = [];
  const waits: { readonly ms: number; readonly end: () => void }[] = [];
  const works: Promise<unknown>[] = [];
  let writes = 0;
  const log = new UseLog({
    async write(batch, dropped) {
      const answer = answers[writes++] ?? null;
      if (answer !== null) throw answer;
      written.push({ uses: batch, dropped });
    },
    wait: (ms) => new Promise<void>((end) => waits.push({ ms, end })),
    waitUntil: (work) => works.push(work),
  });
  /** Ends the wait that is under way, and lets what follows it happen. */
  const pass = async () => {
    const seen = waits.length;
    waits[seen - 1]?.end();
    await Promise.race([works.at(-1), vi.waitUntil(() => waits.length > seen)]);
  };
  return { log, written, waits, works, pass };
}

describe('the request log on its way to the database', () => {
  test("is written a second after its first entry, a second's worth at once", async () => {
    const { log, written, waits, works, pass } = start();
    for (const one of uses(3)) log.add(one);
    expect(waits.map(({ ms }) => ms)).toEqual([FLUSH_MS]);
    expect(written).toEqual([]);
    await pass();
    expect(written).toEqual([{ uses: uses(3), dropped: 0 }]);
    expect(works).toHaveLength(1);
    log.add(use(4));
    expect(works).toHaveLength(2);
  });

  test('holds no more than its bound in a flood, and says how many found no room', async () => {
    const { log, written, pass } = start();
    for (const one of uses(WAITING_MAX + 1234)) log.add(one);
    await pass();
    expect(written.map((batch) => [batch.uses.length, batch.dropped])).toEqual([[WAITING_MAX, 1234]]);
  });

  test('waits for a database that is away, longer each time, and loses nothing that has room', async () => {
    const away = new DatabaseUnavailable('away');
    const { log, written, waits, pass } = start([away, away]);
    log.add(use(0));
    await pass();
    log.add(use(1));
    await pass();
    await pass();
    expect(waits.map(({ ms }) => ms)).toEqual([FLUSH_MS, 2 * FLUSH_MS, 4 * FLUSH_MS]);
    expect(written).toEqual([{ uses: uses(2), dropped: 0 }]);
  });

  test('keeps its bound while the database is away', async () => {
    const { log, written, pass } = start([new DatabaseUnavailable('away')]);
    for (const one of uses(WAITING_MAX)) log.add(one);
    await pass();
    for (const one of uses(10)) log.add(one);
    await pass();
    expect(written.map((batch) => [batch.uses.length, batch.dropped])).toEqual([[WAITING_MAX, 10]]);
  });

  test('counts a batch that the database refuses as dropped, and goes on', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { log, written, pass } = start([new DatabaseError('wrong', '22P02', {})]);
    for (const one of uses(3)) log.add(one);
    await pass();
    await pass();
    expect(written).toEqual([{ uses: [], dropped: 3 }]);
  });

  test('ends with a tenant that is no more', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {});
    const { log, works, pass } = start([new EntryRefused('unknown', [])]);
    log.add(use(0));
    await pass();
    await expect(works[0]).resolves.toBeUndefined();
  });
});
