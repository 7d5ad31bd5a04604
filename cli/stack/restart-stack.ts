import { setTimeout as delay } from 'node:timers/promises';
import { Failure, reasonOf } from '../terminal/failure.ts';
import { askHealth } from './parts/worker-health.ts';
import { askHolder, type Holder } from './state-lock.ts';

const POLL_MS = 250;
/** A start proves the isolation of its executor, which takes some seconds. */
const READY_TIMEOUT_MS = 180_000;
const SEE_TERMINAL = 'the terminal that it runs in says why: mend that, and start it there again';

/** Has the `up` that runs in a state folder end its parts and start anew, as its command line says, and waits until its Worker is well. */
export async function restartStack(state: string, before: Holder): Promise<void> {
  await signal(state, before);
  const until = performance.now() + READY_TIMEOUT_MS;
  while (performance.now() < until) {
    // A stack that is just ending may give half an answer.
    const now = await askHolder(state).catch(() => null);
    const isNew = now !== null && now.startedAt !== before.startedAt && now.parts.length > 0;
    if (isNew && (await askHealth(now.workerPort))?.ok === true) return;
    if (!isAlive(before.pid)) throw notBack(before, 'its process ended while it started again');
    await delay(POLL_MS);
  }
  throw notBack(before, `it was not well after ${READY_TIMEOUT_MS / 1000} s`);
}

/** Its process, if the stack is the one from before: since it was asked it may have ended, and its number be another's. */
async function signal(state: string, before: Holder): Promise<void> {
  const now = await askHolder(state);
  if (now === null) throw notBack(before, 'it ended while the database was upgraded');
  if (now.pid !== before.pid || now.startedAt !== before.startedAt)
    throw notBack(
      before,
      `it was started again meanwhile, as process ${now.pid}, perhaps of the version before`,
      'end what runs there (Ctrl-C), and start it again: ./causeway up',
    );
  try {
    process.kill(now.pid, 'SIGUSR2');
  } catch (error) {
    throw notBack(before, `its process could not be told to start again: ${reasonOf(error)}`);
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function notBack({ pid, publicUrl }: Holder, why: string, remedy = SEE_TERMINAL): Failure {
  return new Failure({
    what: `The database is of this version, but the stack at ${publicUrl} did not come back.`,
    why: `${why} (process ${pid})`,
    remedy,
  });
}
