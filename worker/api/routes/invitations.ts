import { z } from 'zod';
import { limit } from '../../../protocol/limits.ts';
import { defineRoute } from '../route.ts';
import { idText, inTenant, moment, page, pageQuery, role } from '../schemas.ts';

const TAG = 'Invitations';

const email = z.string().min(3).max(limit('email_chars'));
const url = z.url().describe('Works once; hand it to that person alone');

export const invitation = z
  .object({
    invitation: idText('invitation'),
    email,
    role,
    expires_at: moment,
    url: url
      .nullable()
      .describe(
        "The link; null where the operator made it, on the host's shell, and to an admin where it makes an owner",
      ),
  })
  .meta({ id: 'Invitation' });

export const INVITATION_ROUTES = {
  listInvitations: defineRoute({
    method: 'GET',
    path: '/tenants/:tenant/invitations',
    access: 'admin',
    tag: TAG,
    summary: 'Open invitations, newest first',
    params: inTenant,
    query: pageQuery,
    answer: z.object({ invitations: z.array(invitation), ...page }),
  }),
  createInvitation: defineRoute({
    method: 'POST',
    path: '/tenants/:tenant/invitations',
    access: 'admin',
    tag: TAG,
    summary: 'Invite an email',
    description: 'Nothing is sent: hand the link over. Admins invite up to admin, owners up to owner.',
    params: inTenant,
    body: z.object({ email, role }),
    answer: z.object({
      ...invitation.shape,
      url,
      replayed: z.boolean().describe('true: an earlier call with this Idempotency-Key made it'),
    }),
    status: 201,
    isRepeatable: true,
    refuses: ['already_exists', 'limit_exceeded', 'idempotency_conflict'],
  }),
  withdrawInvitation: defineRoute({
    method: 'DELETE',
    path: '/tenants/:tenant/invitations/:invitation',
    access: 'admin',
    tag: TAG,
    summary: 'Withdraw an open invitation',
    params: inTenant.extend({ invitation: idText('invitation') }),
    answer: null,
    refuses: ['not_found'],
  }),
} as const;
