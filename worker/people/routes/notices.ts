import { noticesPage } from '../../console/notices-page.ts';
import { dismissNotices, selectAccount } from '../../database/sessions.ts';
import { unsealReturn } from '../return-address.ts';
import { seeOther } from '../see-other.ts';
import { personForm, personPage } from './person-page.ts';

/** What an owner has not read yet; who has read all goes on. */
export const showNotices = personPage('/notices', async (context, session) => {
  const { database, sealKey } = context.get('platform');
  const returnTo = context.req.query('return_to') ?? '';
  const [account] = await database.transaction([selectAccount(session.cookieSha256)]);
  const notices = account?.notices ?? [];
  if (notices.length === 0) return seeOther(await unsealReturn(sealKey, returnTo));
  return noticesPage({ session, notices, returnTo });
});

export const readNotices = personForm('/notices', async (context, session, form) => {
  const { database, sealKey } = context.get('platform');
  await database.transaction([dismissNotices(session.cookieSha256)]);
  return seeOther(await unsealReturn(sealKey, form.get('return_to')));
});
