import { recoveryPage } from '../../console/recovery-page.ts';
import { checkCsrf } from '../csrf.ts';
import { formGuard } from '../form-guard.ts';
import { explainPasswordFault, judgePassword } from '../password-rules.ts';
import { readForm } from '../read-form.ts';
import { readRecovery, recover } from '../recover.ts';
import { seeOther } from '../see-other.ts';
import { asPage } from './as-page.ts';
import { requiredField } from './field.ts';

/** Asks for a new password. Opening the link spends nothing: programs that preview links open them too. */
export const showRecovery = asPage(async (context) => {
  const link = context.req.param('link') ?? '';
  const { email } = await readRecovery(context.get('platform'), link);
  return recoveryPage({ path: `/recovery/${link}`, email, guard: await formGuard(context) });
});

export const recoverAccount = asPage(async (context) => {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw, platform.publicUrl);
  const guard = await formGuard(context);
  checkCsrf(form, guard);
  const link = context.req.param('link') ?? '';
  const { email } = await readRecovery(platform, link);
  const password = requiredField(form, 'new_password');
  const fault = judgePassword(password, email);
  if (fault !== null)
    return recoveryPage({ path: `/recovery/${link}`, email, guard, problem: explainPasswordFault(fault) });
  return seeOther('/account', [await recover(platform, context.get('call'), link, password)]);
});
