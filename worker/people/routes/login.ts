import { sha256Hex, utf8 } from '../../blobs/sha256.ts';
import { loginPage } from '../../console/login-page.ts';
import { tooManyAttempts } from '../../http/rate-limited.ts';
import { Refusal, retryHeaders } from '../../http/refusal.ts';
import { checkCsrf } from '../csrf.ts';
import { parseEmail } from '../email.ts';
import { formGuard } from '../form-guard.ts';
import { readForm } from '../read-form.ts';
import { sealReturn, unsealReturn } from '../return-address.ts';
import { seeOther } from '../see-other.ts';
import { readSession } from '../session.ts';
import { readCookie } from '../session-cookie.ts';
import { signIn } from '../sign-in.ts';
import { asPage } from './as-page.ts';

const WRONG = 'Email and password do not match an account.';

/** Asks who is there; who is signed in already goes straight to where they wanted. */
export const showLogin = asPage(async (context) => {
  const { sealKey } = context.get('platform');
  const returnTo = context.req.query('return_to') ?? '';
  if ((await readSession(context)) !== null) return seeOther(await unsealReturn(sealKey, returnTo));
  return loginPage({ guard: await formGuard(context), returnTo });
});

/** Signs in. An email without an account gets the status, the page and the work of one with. */
export const logIn = asPage(async (context) => {
  const platform = context.get('platform');
  const form = await readForm(context.req.raw, platform.publicUrl);
  const guard = await formGuard(context);
  checkCsrf(form, guard);
  const returnTo = form.get('return_to') ?? '';
  const typed = form.get('email') ?? '';
  const again = (problem: string, status: number, headers = {}) =>
    loginPage({ guard, returnTo, email: typed, problem, status, headers });
  const wait = (refusal: Refusal) => again(refusal.message, 429, retryHeaders(refusal));

  const email = parseEmail(typed);
  if (email === null) return again('Type the email address of your account.', 422);
  const before = readCookie(context.req.raw, 'session', platform.publicUrl);
  try {
    const signed = await signIn(platform, context.get('call'), {
      email,
      password: form.get('password') ?? '',
      endsCookieSha256: before === null ? null : await sha256Hex(utf8(before)),
    });
    if (!signed.ok && signed.reason === 'wrong') return again(WRONG, 422);
    if (!signed.ok) return wait(tooManyAttempts(signed.retryAfterSeconds));
    const { cookie, notices } = signed.result;
    const path = await unsealReturn(platform.sealKey, returnTo);
    if (notices === 0) return seeOther(path, [cookie]);
    return seeOther(`/notices?return_to=${await sealReturn(platform.sealKey, path)}`, [cookie]);
  } catch (error) {
    if (error instanceof Refusal && error.code === 'rate_limited')
      return wait(tooManyAttempts(error.retryAfterSeconds ?? 60));
    if (error instanceof Refusal && error.code === 'busy')
      return again(`${error.message} ${error.hint}`, 503, retryHeaders(error));
    throw error;
  }
});
