import { setTimeout as delay } from 'node:timers/promises';
import { generateLoad } from '../load/generate-load.ts';
import { residentMib, watchMemory } from '../measure/resident-memory.ts';
import { addressOf, type LoginPage, loginRequest } from './login-request.ts';
import type { People } from './open-people.ts';

/** What as many people at once cost who sign in, each from an address of their own. */
export interface FloodReport {
  readonly logins: number;
  readonly signedIn: number;
  /** Asked to come again in some seconds, before anything was hashed. */
  readonly busy: number;
  readonly seconds: number;
  readonly beforeMib: number;
  readonly peakMib: number;
  /** After a rest. */
  readonly afterMib: number;
}

/** All people sign in at the same moment. Throws at an answer that is neither a sign-in nor "busy". */
export async function floodLogins(
  worker: { readonly port: number; readonly pid: number },
  { people, loginPage, restMs }: { people: People; loginPage: LoginPage; restMs: number },
): Promise<FloodReport> {
  const requests = people.emails.map((email, nth) =>
    loginRequest(loginPage, { email, password: people.password, address: addressOf(nth) }),
  );
  let signedIn = 0;
  let busy = 0;
  const { result, beforeMib, peakMib } = await watchMemory(worker.pid, () =>
    generateLoad({
      port: worker.port,
      concurrency: requests.length,
      durationMs: 0,
      next: (connection) => requests[connection] ?? null,
      check: ({ status, body }) => {
        if (status === 303) signedIn++;
        else if (status === 503) busy++;
        else throw new Error(`a login was answered ${status}: ${body.slice(0, 300)}`);
      },
    }),
  );
  await delay(restMs);
  return {
    logins: requests.length,
    signedIn,
    busy,
    seconds: Math.round(result.seconds * 100) / 100,
    beforeMib,
    peakMib,
    afterMib: residentMib(worker.pid),
  };
}
