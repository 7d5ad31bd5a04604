import type { Context } from 'hono';
import { newSecret } from '../../protocol/secret.ts';
import type { AppEnv } from '../http/app-env.ts';
import { type CsrfHolder, csrfToken } from './csrf.ts';
import { readCookie, setCookie } from './session-cookie.ts';

const MAX_AGE_SECONDS = 24 * 3600;

/** What guards a form before anyone is signed in: a cookie with a secret, and the token that belongs to it. */
export interface FormGuard extends CsrfHolder {
  /** To be set with the page, where the browser has none yet. */
  readonly cookies: readonly string[];
}

/** The guard of this browser's forms. A posted form without the cookie meets a new guard, and fails against it. */
export async function formGuard(context: Context<AppEnv>): Promise<FormGuard> {
  const { publicUrl, sealKey } = context.get('platform');
  const known = readCookie(context.req.raw, 'form', publicUrl);
  const secret = known ?? newSecret();
  return {
    csrf: await csrfToken(sealKey, `form.${secret}`),
    cookies: known === null ? [setCookie('form', secret, { publicUrl, maxAgeSeconds: MAX_AGE_SECONDS })] : [],
  };
}
