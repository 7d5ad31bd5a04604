import { appendFileSync } from 'node:fs';
import { reasonOf } from '../../terminal/failure.ts';

const INTERVAL_MS = 60_000;

/**
 * Fires the Worker's scheduled handler once a minute, as the platform does in production. A tick that fails is logged:
 * the next one does its work. Returns what ends the ticking.
 */
export function tickEveryMinute(logFile: string, tick: () => Promise<number>): () => void {
  const log = (message: string): void => {
    const line = { at: new Date().toISOString(), level: 'warn', message };
    appendFileSync(logFile, `${JSON.stringify(line)}\n`);
  };
  const timer = setInterval(() => {
    tick().then(
      (status) => {
        if (status !== 200) log(`the scheduled handler answered ${status}`);
      },
      (thrown: unknown) => log(`the scheduled handler could not be called: ${reasonOf(thrown)}`),
    );
  }, INTERVAL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
