import type { SqlAnswer } from '../database/refusal-data.ts';
import { Refusal } from '../http/refusal.ts';
import { usedKey } from '../tenants/idempotency.ts';

const DAY_SECONDS = 86_400;

/** Why the database makes, rotates or ends no token, as people read it. */
export function refuseToken({ code, details }: SqlAnswer<object> & { readonly ok: false }): Refusal {
  switch (code) {
    case 'insufficient_role':
      return new Refusal('insufficient_role', 'A token may do no more than you may yourself.', {
        hint: `Choose a role up to ${details?.role ?? 'your own'}.`,
      });
    case 'limit_exceeded':
      return new Refusal('limit_exceeded', 'You have as many living tokens in this team as you may.', {
        hint: 'Revoke one that nothing uses.',
      });
    case 'invalid_arguments':
      return refuseWish(details ?? {});
    case 'already_exists':
      return details?.successor === undefined
        ? new Refusal('already_exists', 'This form was sent before, and its token is made.', {
            hint: 'Its text was shown then, once. If it is lost, revoke the token and make another.',
          })
        : new Refusal('already_exists', 'This token was rotated before.', {
            hint: `Rotate its successor, ${details.successor}.`,
            details: { successor: details.successor },
          });
    case 'idempotency_conflict':
      return usedKey();
    default:
      return new Refusal('not_found', 'There is no such token.');
  }
}

function refuseWish(details: Readonly<Record<string, unknown>>): Refusal {
  const { network, project, seconds_max } = details;
  if (network !== undefined)
    return new Refusal('invalid_arguments', `${network} is no network.`, {
      hint: 'Write networks like 192.0.2.0/24 or 2001:db8::/48, or single addresses.',
    });
  if (project !== undefined)
    return new Refusal('invalid_arguments', `You see no project ${project}, or more than one.`, {
      hint: 'Name projects as they are called, or by their ids.',
    });
  return new Refusal(
    'invalid_arguments',
    `Tokens of this team live ${inDays(Number(seconds_max))} at most.`,
    {
      hint: 'Choose a shorter life.',
      details: { seconds_max },
    },
  );
}

function inDays(seconds: number): string {
  const days = Math.floor(seconds / DAY_SECONDS);
  return days < 1 ? `${Math.floor(seconds / 60)} minutes` : `${days} ${days === 1 ? 'day' : 'days'}`;
}
