import type { SqlAnswer } from '../database/refusal-data.ts';
import { Refusal } from '../http/refusal.ts';

/** Why the database does not change a member, as people read it. */
export function refuseMemberChange({ code }: SqlAnswer<object> & { readonly ok: false }): Refusal {
  switch (code) {
    case 'insufficient_role':
      return new Refusal('insufficient_role', 'You may not do this to that member.', {
        hint: 'Admins change members up to admin, owners everybody; anyone may leave.',
      });
    case 'last_owner':
      return new Refusal('last_owner', 'This is the last owner of the team.', {
        hint: 'Make somebody else an owner first.',
      });
    default:
      return new Refusal('not_found', 'There is no such member of this team.');
  }
}
