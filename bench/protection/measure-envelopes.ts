import { startBareWorker } from '../bare/start-bare-worker.ts';
import { median } from '../measure/quantiles.ts';

/** Envelopes a second, one after the other, in workerd. */
export interface Envelopes {
  readonly sealedPerSecond: number;
  readonly openedPerSecond: number;
}

/** Workerd stops its clock while it computes, so the time is taken here, around requests of many envelopes each. */
export async function measureEnvelopes({
  rounds,
  count,
}: {
  readonly rounds: number;
  readonly count: number;
}): Promise<Envelopes> {
  const worker = await startBareWorker({ folder: 'bench/protection/bare-worker', settings: {} });
  const perSecond = async (operation: 'seal' | 'open'): Promise<number> => {
    const rates: number[] = [];
    for (let round = 0; round <= rounds; round++) {
      const startedMs = performance.now();
      const answer = await fetch(`http://127.0.0.1:${worker.port}/${operation}?count=${count}`);
      if (!answer.ok) throw new Error(`${operation}: ${answer.status}`);
      await answer.text();
      // The first is a warm-up.
      if (round > 0) rates.push((count * 1000) / (performance.now() - startedMs));
    }
    return Math.round(median(rates));
  };
  try {
    return { sealedPerSecond: await perSecond('seal'), openedPerSecond: await perSecond('open') };
  } finally {
    await worker.stop();
  }
}
