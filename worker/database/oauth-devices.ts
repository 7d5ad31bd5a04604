import type { Call } from '../http/call.ts';
import { callFunction } from './call-function.ts';
import type { Database } from './database.ts';
import { callFacts, type GrantFacts, readGrant } from './oauth-grants.ts';
import { onlyRow, query, readNothing } from './query.ts';

/** A device that waits for a person. */
export interface WaitingDevice {
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly resource: string;
}

export async function startDevice(
  database: Database,
  device: WaitingDevice & {
    readonly deviceCodeSha256: string;
    readonly userCodeSha256: string;
    readonly lifetimeSeconds: number;
  },
): Promise<void> {
  await database.transaction([
    query(
      'select app.system_start_oauth_device($1, $2, $3, $4, $5, make_interval(secs => $6))',
      [
        device.deviceCodeSha256,
        device.userCodeSha256,
        device.clientId,
        device.scopes,
        device.resource,
        device.lifetimeSeconds,
      ],
      readNothing,
    ),
  ]);
}

/** The device with this user code while it waits; null where there is none, or it is decided or expired. */
export async function findWaitingDevice(
  database: Database,
  userCodeSha256: string,
): Promise<WaitingDevice | null> {
  const [device] = await database.transaction([
    query('select app.find_oauth_device($1) as facts', [userCodeSha256], ([row]) => {
      const facts = row?.facts as Record<string, unknown> | null | undefined;
      if (facts === null || facts === undefined || facts.open !== true) return null;
      return {
        clientId: facts.client_id as string,
        scopes: facts.scopes as readonly string[],
        resource: facts.resource as string,
      };
    }),
  ]);
  return device;
}

/** Approves a device with a grant of the same transaction, or denies it (null). Raises `device_not_waiting` where none waits. */
export function decideDevice(userCodeSha256: string, grantId: string | null) {
  return callFunction<object>('app.system_decide_oauth_device($1, $2)', [userCodeSha256, grantId]);
}

/** What a poll of a device comes to: its grant, once, or why not yet or never. */
export type DevicePoll =
  | { readonly ok: true; readonly grant: GrantFacts }
  | { readonly ok: false; readonly reason: 'unknown' | 'expired' | 'denied' | 'too_fast' | 'pending' };

export async function pollDevice(
  database: Database,
  poll: { readonly deviceCodeSha256: string; readonly clientId: string },
  refresh: { readonly sha256: string; readonly lifetimeSeconds: number } | null,
  call: Call,
): Promise<DevicePoll> {
  const [result] = await database.transaction([
    query(
      'select app.system_poll_oauth_device($1, $2, $3, make_interval(secs => $4), $5) as answer',
      [
        poll.deviceCodeSha256,
        poll.clientId,
        refresh?.sha256 ?? null,
        refresh?.lifetimeSeconds ?? 0,
        callFacts(call),
      ],
      (rows): DevicePoll => {
        const answer = onlyRow(rows).answer as Record<string, unknown>;
        return answer.ok === true
          ? { ok: true, grant: { ...readGrant(answer), alive: true } }
          : { ok: false, reason: answer.reason as Exclude<DevicePoll, { ok: true }>['reason'] };
      },
    ),
  ]);
  return result;
}
