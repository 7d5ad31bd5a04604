import type { Context } from 'hono';
import { invitationPage } from '../../console/invitation-page.ts';
import type { Invitation } from '../../database/invitations.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { findRefused } from '../../input/refused-text.ts';
import { acceptAsMember, acceptAsNewPerson, readInvitation } from '../accept-invitation.ts';
import { checkCsrf } from '../csrf.ts';
import { formGuard } from '../form-guard.ts';
import { explainPasswordFault, judgePassword } from '../password-rules.ts';
import { parsePersonName } from '../person-name.ts';
import { readForm } from '../read-form.ts';
import { sealReturn } from '../return-address.ts';
import { seeOther } from '../see-other.ts';
import { readSession, type Session } from '../session.ts';
import { asPage } from './as-page.ts';
import { requiredField } from './field.ts';

/** Shows what a link invites to. Opening it spends nothing: programs that preview links open them too. */
export const showInvitation = asPage(async (context) => {
  const invitation = await readInvitation(context.get('platform'), linkOf(context));
  return page(context, invitation, await readSession(context));
});

/** Accepts: the signed-in person joins, or somebody new gets an account and a session. */
export const acceptInvitation = asPage(async (context) => {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw, platform.publicUrl);
  const session = await readSession(context);
  checkCsrf(form, session ?? (await formGuard(context)));
  const link = linkOf(context);
  const invitation = await readInvitation(platform, link);
  if (session !== null) {
    await acceptAsMember(platform, context.get('call'), link, session);
    return seeOther('/account');
  }
  const name = parsePersonName(requiredField(form, 'name'));
  const password = requiredField(form, 'new_password');
  const fault = judgePassword(password, invitation.email);
  if (name === null) return page(context, invitation, null, 'Type your name.');
  const refused = findRefused(name, platform.refusedText);
  if (refused !== null) return page(context, invitation, null, `Your name ${refused}.`);
  if (fault !== null) return page(context, invitation, null, explainPasswordFault(fault), name);
  const accepted = await acceptAsNewPerson(platform, context.get('call'), { link, name, password });
  if (accepted.ok) return seeOther('/account', [accepted.cookie]);
  return page(context, invitation, null, 'This email has an account. Sign in, and join with it.', name);
});

async function page(
  context: Context<AppEnv>,
  invitation: Invitation,
  session: Session | null,
  problem?: string,
  name?: string,
): Promise<Response> {
  const path = `/invitations/${linkOf(context)}`;
  const guard = session === null ? await formGuard(context) : { ...session, cookies: [] };
  return invitationPage({
    invitation,
    path,
    loginPath: `/login?return_to=${await sealReturn(context.get('platform').sealKey, path)}`,
    session,
    guard,
    cookies: guard.cookies,
    problem,
    name,
  });
}

function linkOf(context: Context<AppEnv>): string {
  return context.req.param('link') ?? '';
}
