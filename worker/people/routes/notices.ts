import { noticesPage } from '../../console/notices-page.ts';
import { dismissNotices, selectAccount } from '../../database/sessions.ts';
import { checkCsrf } from '../csrf.ts';
import { readForm } from '../read-form.ts';
import { unsealReturn } from '../return-address.ts';
import { seeOther } from '../see-other.ts';
import { requireSession } from '../session.ts';
import { asPage } from './as-page.ts';

/** What an owner has not read yet; who has read all goes on. */
export const showNotices = asPage(async (context) => {
  const { database, sealKey } = context.get('platform');
  const session = await requireSession(context, '/notices');
  if (session instanceof Response) return session;
  const returnTo = context.req.query('return_to') ?? '';
  const [account] = await database.transaction([selectAccount(session.cookieSha256)]);
  const notices = account?.notices ?? [];
  if (notices.length === 0) return seeOther(await unsealReturn(sealKey, returnTo));
  return noticesPage({ session, notices, returnTo });
});

export const readNotices = asPage(async (context) => {
  const { database, sealKey, publicUrl } = context.get('platform');
  const form = await readForm(context.req.raw, publicUrl);
  const session = await requireSession(context, '/notices');
  if (session instanceof Response) return session;
  checkCsrf(form, session);
  await database.transaction([dismissNotices(session.cookieSha256)]);
  return seeOther(await unsealReturn(sealKey, form.get('return_to')));
});
