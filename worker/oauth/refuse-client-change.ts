import type { SqlAnswer } from '../database/refusal-data.ts';
import { Refusal } from '../http/refusal.ts';

/** Why the database does not end or block a client, as people read it. */
export function refuseClientChange({ code }: SqlAnswer<object> & { readonly ok: false }): Refusal {
  return code === 'insufficient_role'
    ? new Refusal(
        'insufficient_role',
        'Agents of the whole team are ended and blocked by its admins and owners.',
      )
    : new Refusal('not_found', 'Nobody of this team has let such an agent in.');
}
