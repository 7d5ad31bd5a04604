import { html } from 'hono/html';
import { encodeBase64url } from '../../protocol/base64url.ts';
import { Refusal } from '../http/refusal.ts';
import type { SealKey } from '../seal/seal.ts';

/** Whoever a form belongs to: a session, or a browser before one ({@link formGuard}). */
export interface CsrfHolder {
  readonly csrf: string;
}

const FIELD = 'csrf';

/**
 * The token of the forms that belong to `holder`, a session's id or the secret of a form cookie: HMAC-SHA256 under the
 * deployment's own key, so that a cookie which another host planted brings no token with it.
 */
export async function csrfToken(key: SealKey, holder: string): Promise<string> {
  const signature = await crypto.subtle.sign('HMAC', key, new TextEncoder().encode(`csrf.${holder}`));
  return encodeBase64url(new Uint8Array(signature));
}

/** The hidden field that every form with `method="post"` carries. */
export function csrfField({ csrf }: CsrfHolder) {
  return html`<input type="hidden" name="${FIELD}" value="${csrf}">`;
}

/** Throws `forbidden_origin` unless the form carries the token of `holder`. */
export function checkCsrf(form: { get(name: string): unknown }, { csrf }: CsrfHolder): void {
  const given = form.get(FIELD);
  if (typeof given === 'string' && isSame(given, csrf)) return;
  throw new Refusal('forbidden_origin', 'This form is out of date, or was not sent from its own page.', {
    hint: 'Go back, reload the page, and send the form again.',
  });
}

/** Compares in a time that tells nothing of where they differ. */
function isSame(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < left.length; index++)
    difference |= left.charCodeAt(index) ^ right.charCodeAt(index);
  return difference === 0;
}
