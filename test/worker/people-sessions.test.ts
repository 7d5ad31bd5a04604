import { beforeEach, describe, expect, test } from 'vitest';
import { signedIn as signIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, PASSWORD, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
let ann: Account;
beforeEach(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
});

const signedIn = (account: Account, password?: string) => signIn(stack, account, password);

const isSignedIn = async (browser: Visitor) => (await browser.get('/account')).status === 200;

describe('a session ends for the very next request', () => {
  test('when its person signs out, in the database too', async () => {
    const browser = await signedIn(ann);
    const cookie = browser.cookies.get('causeway') ?? '';
    expect((await browser.submit('/account', '/logout', {})).headers.get('location')).toBe('/login');
    expect(browser.cookies.has('causeway')).toBe(false);
    browser.cookies.set('causeway', cookie);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test.each([
    [
      'it was not used for its idle time',
      "update app.sessions set idle_until = now() - interval '1 second' where user_id = $1",
    ],
    [
      'its absolute time is over, however much it was used',
      "update app.sessions set idle_until = now() - interval '2 seconds', expires_at = now() - interval '1 second' where user_id = $1",
    ],
    ['it was revoked', 'update app.sessions set revoked_at = now() where user_id = $1'],
    ['its person was disabled', "update app.users set status = 'disabled' where user_id = $1"],
  ])('when %s', async (_what, sql) => {
    const browser = await signedIn(ann);
    expect(await isSignedIn(browser)).toBe(true);
    await queryAs(stack.superuserUrl, sql, [ann.user]);
    expect(await isSignedIn(browser)).toBe(false);
  });

  test('when its person ends it from another browser', async () => {
    const laptop = await signedIn(ann);
    const phone = await signedIn(ann);
    const page = await (await laptop.get('/account')).text();
    const action = /action="(\/account\/sessions\/ses_[^"]+\/end)"/.exec(page)?.[1] ?? '';
    expect((await laptop.post(action, hiddenFields(page, action))).status).toBe(303);
    expect([await isSignedIn(laptop), await isSignedIn(phone)]).toEqual([true, false]);
  });

  test('when its person ends all others, and theirs goes on', async () => {
    const laptop = await signedIn(ann);
    const phone = await signedIn(ann);
    await laptop.submit('/account', '/account/sessions/end-others', {});
    expect([await isSignedIn(laptop), await isSignedIn(phone)]).toEqual([true, false]);
  });
});

test('use puts the idle limit off, and never beyond the absolute one', async () => {
  const browser = await signedIn(ann);
  await queryAs(
    stack.superuserUrl,
    "update app.sessions set last_seen_at = now() - interval '2 minutes', idle_until = now() + interval '5 seconds', expires_at = now() + interval '1 hour' where user_id = $1",
    [ann.user],
  );
  expect(await isSignedIn(browser)).toBe(true);
  const [row] = await queryAs(
    stack.superuserUrl,
    'select idle_until = expires_at as capped from app.sessions where user_id = $1',
    [ann.user],
  );
  expect(row?.capped).toBe(true);
});

test('Mallory cannot end a session of Ann’s: it is not there for her, and Ann’s goes on', async () => {
  const mallory = await settleAccount(stack, { name: 'Mallory' });
  const browser = await signedIn(mallory);
  const anns = await signedIn(ann);
  const [row] = await queryAs(stack.superuserUrl, 'select session_id from app.sessions where user_id = $1', [
    ann.user,
  ]);
  const page = await (await browser.get('/account')).text();
  const { csrf = '' } = hiddenFields(page, '/logout');
  const foreign = await browser.post(`/account/sessions/${row?.session_id}/end`, { csrf });
  const absent = await browser.post('/account/sessions/ses_00000000000000000000000000/end', { csrf });
  expect([foreign.status, absent.status]).toEqual([404, 404]);
  const withoutReference = async (response: Response) => (await response.text()).replace(/req_[0-9a-z]+/, '');
  expect(await withoutReference(foreign)).toBe(await withoutReference(absent));
  expect(await isSignedIn(anns)).toBe(true);
});

describe('a password change', () => {
  const change = (browser: Visitor, current: string, next: string) =>
    browser.submit('/account', '/account/password', { current_password: current, new_password: next });

  test('ends every other session, and the old password signs in no more', async () => {
    const laptop = await signedIn(ann);
    const phone = await signedIn(ann);
    expect((await change(laptop, PASSWORD, 'eight blue mountains')).status).toBe(303);
    expect([await isSignedIn(laptop), await isSignedIn(phone)]).toEqual([true, false]);
    expect((await new Visitor(stack).signIn(ann.email, PASSWORD)).status).toBe(422);
    expect((await new Visitor(stack).signIn(ann.email, 'eight blue mountains')).status).toBe(303);
    const events = await queryAs(
      stack.superuserUrl,
      "select action from app.audit_events where tenant_id = $1 and action = 'person.password_change'",
      [ann.tenant],
    );
    expect(events).toHaveLength(1);
  });

  test('needs the current password, and Mallory at an open laptop may not guess at it for long', async () => {
    const laptop = await signedIn(ann);
    const statuses: number[] = [];
    for (let guess = 0; guess < 6; guess++)
      statuses.push((await change(laptop, `wrong guess ${guess}`, 'eight blue mountains')).status);
    expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
    const locked = await change(laptop, PASSWORD, 'eight blue mountains');
    expect(locked.status).toBe(429);
    expect(Number(locked.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(locked.headers.get('ratelimit')).toMatch(/^"failed_logins_per_minute";r=0;t=\d+$/);
  });

  test.each([
    ['too short', 'short'],
    ['the email itself', ''],
    ['among the most common', 'password123456'],
  ])('to one that is %s is refused with a sentence', async (_what, next) => {
    const laptop = await signedIn(ann);
    const answer = await change(laptop, PASSWORD, next === '' ? ann.email : next);
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('role="alert"');
    expect((await new Visitor(stack).signIn(ann.email, PASSWORD)).status).toBe(303);
  });
});
