import type { SqlAnswer } from '../../database/refusal-data.ts';
import { Refusal } from '../../http/refusal.ts';

/** Why who works on a project was not changed or shown, in words for a person. */
export function refuseChange(answer: Extract<SqlAnswer<object>, { ok: false }>): Refusal {
  switch (answer.code) {
    case 'not_found':
      return answer.details?.kind === 'member'
        ? new Refusal('not_found', 'There is no such member.', {
            hint: 'Only active members of the tenant can have a role on a project.',
          })
        : new Refusal('not_found', 'There is no such project.');
    case 'insufficient_role':
      return new Refusal('insufficient_role', 'You may not say who works on this project.', {
        hint: 'Its owners and the admins of the tenant may.',
      });
    case 'last_owner':
      return new Refusal('last_owner', 'A project keeps one owner, and this is the last one.', {
        hint: 'Make somebody else an owner first.',
      });
    case 'already_exists':
      return new Refusal('already_exists', 'Another open project has this name already.', {
        hint: 'Archive one of the two; names of restricted projects need not be unique.',
      });
    default:
      throw new Error(`a function for the members of projects answered ${answer.code}`);
  }
}
