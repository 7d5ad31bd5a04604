import type { JSONRPCErrorResponse, JSONRPCResultResponse } from '@modelcontextprotocol/server';
import type { SessionObject } from './session-object.ts';

export type Answer = JSONRPCResultResponse | JSONRPCErrorResponse;

/** How long one RPC waits in the object; a longer one would die unnoticed with it. */
const WAIT_MS = 20_000;
const RETRY_MS = 500;

/**
 * The client's answer to a question that the session's object expects; null once `signal` ends the waiting. An object
 * that was evicted or redeployed meanwhile has kept the question and its answer, so it is simply asked again.
 */
export async function awaitAnswer(
  object: () => Pick<SessionObject, 'answerTo'>,
  question: string,
  signal: AbortSignal,
): Promise<Answer | null> {
  const ended = new Promise<null>((resolve) =>
    signal.addEventListener('abort', () => resolve(null), { once: true }),
  );
  while (!signal.aborted) {
    try {
      const answer = await Promise.race([object().answerTo(question, WAIT_MS), ended]);
      if (answer !== null) return JSON.parse(answer) as Answer;
    } catch {
      await scheduler.wait(RETRY_MS);
    }
  }
  return null;
}
