import { endSession } from '../../database/sessions.ts';
import { checkCsrf } from '../csrf.ts';
import { recorded } from '../open-session.ts';
import { readForm } from '../read-form.ts';
import { seeOther } from '../see-other.ts';
import { readSession } from '../session.ts';
import { setCookie } from '../session-cookie.ts';
import { asPage } from './as-page.ts';

/** Ends the session of this browser, in the database too. */
export const logOut = asPage(async (context) => {
  const { publicUrl, database } = context.get('platform');
  const form = await readForm(context.req.raw, publicUrl);
  const session = await readSession(context);
  if (session !== null) {
    checkCsrf(form, session);
    await database.transaction([
      endSession(session.cookieSha256, session.sessionId, recorded(context.get('call'))),
    ]);
  }
  return seeOther('/login', [setCookie('session', '', { publicUrl, maxAgeSeconds: 0 })]);
});
