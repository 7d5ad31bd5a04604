import type { Member } from '../../database/members.ts';
import { changeRole } from '../../people/change-role.ts';
import { listMembers, readMember } from '../../people/list-members.ts';
import { removeMember } from '../../people/remove-member.ts';
import type { Handlers } from '../handler.ts';
import { pageFacts } from '../page.ts';
import type { MEMBER_ROUTES } from '../routes/members.ts';

export const memberHandlers: Handlers<keyof typeof MEMBER_ROUTES> = {
  async listMembers({ query }, { platform, principal }) {
    const shown = await listMembers(platform, principal, query);
    return { members: shown.rows.map(presentMember), ...pageFacts(shown, shown.total) };
  },

  getMember: async ({ params }, { platform, principal }) =>
    presentMember(await readMember(platform, principal, params.user)),

  async changeRole({ params, body }, { platform, principal }) {
    const before = await changeRole(platform, principal, { user: params.user, role: body.role });
    return { user: params.user, role: body.role, role_before: before };
  },

  async removeMember({ params }, { platform, principal }) {
    await removeMember(platform, principal, params.user);
  },
};

function presentMember({ userId, name, email, role, status, joinedAt, lastSignInAt }: Member) {
  return { user: userId, name, email, role, status, joined_at: joinedAt, last_sign_in_at: lastSignInAt };
}
