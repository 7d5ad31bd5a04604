import type { AboutAttempt, ToExecutor } from '../../../protocol/messages.ts';
import { log } from '../../log.ts';

type Send = (message: ToExecutor) => unknown;

/** Its executor may forget the attempt: how the run ended is recorded. */
export function acknowledge(send: Send, { run, fence }: AboutAttempt): void {
  send({ type: 'recorded', run, fence });
}

/** Its executor may forget the attempt: a later one was opened, so what it says of this one counts for nothing. */
export function refuseOldFence(send: Send, executor: string, { run, fence }: AboutAttempt): void {
  log('warn', 'executor-pool', { message: 'outcome refused', code: 'old_fence', run, fence, executor });
  send({ type: 'recorded', run, fence, code: 'old_fence' });
}
