import type { LimitName } from '../../../protocol/limits.ts';
import { limit } from '../../../protocol/limits.ts';
import type { Env } from '../../env.ts';
import { Refusal } from '../../http/refusal.ts';
import { tenantGateOf } from '../gate-of.ts';
import type { Principal } from '../principal.ts';
import type { Change } from './change.ts';

/** One subscriber's line to its tenant's gate. */
export interface ChangeLine {
  /** Resolves when the line is cut, by either end. */
  readonly cut: Promise<void>;
  readonly close: () => void;
}

/**
 * Opens a line on which every change of the principal's tenant comes. It belongs to the request that opened it.
 *
 * @throws Refusal limit_exceeded where the credential or its tenant has as many as it may
 */
export async function openChanges(
  env: Pick<Env, 'TENANT_GATE'>,
  { tenantId, credential }: Pick<Principal, 'tenantId' | 'credential'>,
  hear: (change: Change) => void,
): Promise<ChangeLine> {
  const answer = await tenantGateOf(env, tenantId).fetch(`http://gate/changes?credential=${credential.id}`, {
    headers: { upgrade: 'websocket' },
  });
  const socket = answer.webSocket;
  if (socket === null || socket === undefined) throw tooMany((await answer.text()) as LimitName);
  const cut = new Promise<void>((resolve) => {
    socket.addEventListener('close', () => resolve());
    socket.addEventListener('error', () => resolve());
  });
  socket.addEventListener('message', ({ data }) => hear(JSON.parse(data as string) as Change));
  socket.accept();
  return {
    cut,
    close() {
      try {
        socket.close(1000);
      } catch {
        // It is closed.
      }
    },
  };
}

function tooMany(name: LimitName): Refusal {
  const whose = name === 'change_streams' ? 'This credential' : 'The tenant';
  return new Refusal(
    'limit_exceeded',
    `${whose} has ${limit(name)} streams of changes open, the most it may.`,
    {
      hint: 'Close one that is not needed; one stream can listen to several things.',
      retryAfterSeconds: 30,
      details: { limit: name, value: limit(name) },
    },
  );
}
