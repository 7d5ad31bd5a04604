import type { Context } from 'hono';
import { accountPage } from '../../console/account-page.ts';
import type { AppEnv } from '../../http/app-env.ts';
import { tooManyAttempts } from '../../http/rate-limited.ts';
import { retryHeaders } from '../../http/refusal.ts';
import { changeOwnPassword } from '../change-own-password.ts';
import { checkCsrf } from '../csrf.ts';
import { endOtherOwnSessions, endOwnSession, readAccount } from '../own-sessions.ts';
import { explainPasswordFault, judgePassword } from '../password-rules.ts';
import { readForm } from '../read-form.ts';
import { seeOther } from '../see-other.ts';
import { requireSession, type Session } from '../session.ts';
import { asPage } from './as-page.ts';
import { requiredField } from './field.ts';

const DONE: Readonly<Record<string, string>> = {
  password: 'Your password is changed, and your other sessions have ended.',
  sessions: 'Ended.',
};

export const showAccount = asPage(async (context) => {
  const session = await requireSession(context, '/account');
  if (session instanceof Response) return session;
  const done = DONE[context.req.query('done') ?? ''];
  return accountPage({
    session,
    account: await readAccount(context.get('platform'), session),
    ...(done === undefined ? {} : { done }),
  });
});

/** Changes the own password; the page again, with a sentence, where it is not accepted. */
export const changePassword = asPage(async (context) => {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw, platform.publicUrl);
  const session = await requireSession(context, '/account');
  if (session instanceof Response) return session;
  checkCsrf(form, session);
  const again = async (problem: string, status: number, headers = {}) =>
    accountPage({ session, account: await readAccount(platform, session), problem, status, headers });

  const password = requiredField(form, 'new_password');
  const fault = judgePassword(password, session.userEmail);
  if (fault !== null) return again(explainPasswordFault(fault), 422);
  const changed = await changeOwnPassword(platform, context.get('call'), {
    session,
    currentPassword: requiredField(form, 'current_password'),
    password,
  });
  if (changed.ok) return seeOther('/account?done=password');
  if (changed.reason === 'wrong') return again('The current password is not right.', 422);
  const refusal = tooManyAttempts(changed.retryAfterSeconds);
  return again(refusal.message, 429, retryHeaders(refusal));
});

export const endOneSession = asPage(async (context) => {
  const session = await sessionOfForm(context);
  if (session instanceof Response) return session;
  const id = context.req.param('session') ?? '';
  await endOwnSession(context.get('platform'), context.get('call'), { session, id });
  return seeOther('/account?done=sessions');
});

export const endOthers = asPage(async (context) => {
  const session = await sessionOfForm(context);
  if (session instanceof Response) return session;
  await endOtherOwnSessions(context.get('platform'), context.get('call'), session);
  return seeOther('/account?done=sessions');
});

async function sessionOfForm(context: Context<AppEnv>): Promise<Session | Response> {
  const form = await readForm(context.req.raw, context.get('platform').publicUrl);
  const session = await requireSession(context, '/account');
  if (!(session instanceof Response)) checkCsrf(form, session);
  return session;
}
