import { Refusal } from '../../http/refusal.ts';
import { parseEmail } from '../../people/email.ts';
import { invite, listInvitations, type ShownInvitation, withdrawInvitation } from '../../people/invite.ts';
import type { Handlers } from '../handler.ts';
import { pageFacts, pageOfAll } from '../page.ts';
import type { INVITATION_ROUTES } from '../routes/invitations.ts';

export const invitationHandlers: Handlers<keyof typeof INVITATION_ROUTES> = {
  async listInvitations({ query }, { platform, session, tenantId }) {
    const open = await listInvitations(platform, session);
    const ofTenant = open.filter((invitation) => invitation.tenantId === tenantId);
    const shown = pageOfAll(ofTenant, query, ({ id }) => id);
    return { invitations: shown.rows.map(presentInvitation), ...pageFacts(shown, shown.total) };
  },

  async createInvitation({ body }, { platform, call, session, tenantId, idempotency }) {
    const email = parseEmail(body.email);
    if (email === null) throw new Refusal('invalid_arguments', 'email: is no email address');
    const made = await invite(platform, call, { session, tenantId, email, role: body.role, idempotency });
    return {
      invitation: made.id,
      email,
      role: body.role,
      expires_at: made.expiresAt,
      url: made.url,
      replayed: made.replayed,
    };
  },

  async withdrawInvitation({ params }, { platform, call, session, tenantId }) {
    await withdrawInvitation(platform, call, { session, tenantId, id: params.invitation });
  },
};

function presentInvitation({ id, email, role, expiresAt, url }: ShownInvitation) {
  return { invitation: id, email, role, expires_at: expiresAt, url };
}
