import { accountPage } from '../../console/account-page.ts';
import { tooManyAttempts } from '../../http/rate-limited.ts';
import { retryHeaders } from '../../http/refusal.ts';
import { changeOwnPassword } from '../change-own-password.ts';
import { endOtherOwnSessions, endOwnSession, readAccount } from '../own-sessions.ts';
import { explainPasswordFault, judgePassword } from '../password-rules.ts';
import { seeOther } from '../see-other.ts';
import { requiredField } from './field.ts';
import { personForm, personPage } from './person-page.ts';

const PATH = '/account';
const DONE: Readonly<Record<string, string>> = {
  password: 'Your password is changed, and your other sessions have ended.',
  sessions: 'Ended.',
};

export const showAccount = personPage(PATH, async (context, session) => {
  return accountPage({
    session,
    account: await readAccount(context.get('platform'), session),
    done: DONE[context.req.query('done') ?? ''],
  });
});

/** Changes the own password; the page again, with a sentence, where it is not accepted. */
export const changePassword = personForm(PATH, async (context, session, form) => {
  const platform = context.get('platform');
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
  if (changed.ok) return seeOther(`${PATH}?done=password`);
  if (changed.reason === 'wrong') return again('The current password is not right.', 422);
  const refusal = tooManyAttempts(changed.retryAfterSeconds);
  return again(refusal.message, 429, retryHeaders(refusal));
});

export const endOneSession = personForm(PATH, async (context, session) => {
  const id = context.req.param('session') ?? '';
  await endOwnSession(context.get('platform'), context.get('call'), { session, id });
  return seeOther(`${PATH}?done=sessions`);
});

export const endOthers = personForm(PATH, async (context, session) => {
  await endOtherOwnSessions(context.get('platform'), context.get('call'), session);
  return seeOther(`${PATH}?done=sessions`);
});
