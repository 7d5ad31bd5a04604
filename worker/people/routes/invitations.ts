import type { Context } from 'hono';
import { recordReading } from '../../audit/recorded-reader.ts';
import { invitationsPage } from '../../console/invitations-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { Refusal } from '../../http/refusal.ts';
import { TENANT_ROLES } from '../../tenants/roles.ts';
import { parseEmail } from '../email.ts';
import { invite, listInvitations, withdrawInvitation as withdraw } from '../invite.ts';
import { seeOther } from '../see-other.ts';
import type { Session } from '../session.ts';
import { requiredField } from './field.ts';
import { personForm, personPage } from './person-page.ts';

const PATH = '/invitations';
const DONE: Readonly<Record<string, string>> = {
  made: 'The link is made: copy it below.',
  withdrawn: 'The invitation is withdrawn: its link lets nobody in.',
};

export const showInvitations = personPage(PATH, page);

/** Makes a link; the page again, with a sentence, where the database does not admit it. */
export const createInvitation = personForm(PATH, async (context, session, form) => {
  const platform = context.get('platform');
  const email = parseEmail(requiredField(form, 'email'));
  const role = TENANT_ROLES.find((known) => known === form.get('role'));
  if (email === null || role === undefined)
    return page(context, session, 'Type an email address and choose a role.');
  try {
    await invite(platform, context.get('call'), {
      session,
      tenantId: requiredField(form, 'tenant'),
      email,
      role,
    });
  } catch (error) {
    if (error instanceof Refusal && error.code !== 'not_found') return page(context, session, error.message);
    throw error;
  }
  return seeOther(`${PATH}?done=made`);
});

export const withdrawInvitation = personForm(PATH, async (context, session) => {
  const platform = context.get('platform');
  const id = context.req.param('invitation') ?? '';
  await withdraw(platform, context.get('call'), { session, tenantId: null, id });
  return seeOther(`${PATH}?done=withdrawn`);
});

async function page(context: Context<AppEnv>, session: Session, problem?: string): Promise<Response> {
  const platform = context.get('platform');
  await recordReading(platform, session, context.get('call'), PATH);
  const invitations = await listInvitations(platform, session);
  return invitationsPage({ session, invitations, problem, done: DONE[context.req.query('done') ?? ''] });
}
