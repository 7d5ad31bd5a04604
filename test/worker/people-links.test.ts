import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { drawLink } from '../../cli/identity/draw-link.ts';
import { newId } from '../../protocol/ids.ts';
import { signedIn as signIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, PASSWORD, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
let olga: Account;
beforeAll(async () => {
  olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
});

let people = 0;
const newEmail = () => `person${++people}-${process.pid}@links.example`;

const signedIn = (account: Account) => signIn(stack, account);

/** Invites in the browser, and reads the link from the page as a person would. */
async function invite(by: Visitor, wish: { tenant: string; email: string; role: string }): Promise<string> {
  const answer = await by.submit('/invitations', '/invitations', wish);
  expect(answer.status).toBe(303);
  const page = await (await by.get('/invitations')).text();
  const row = page.split('<tr>').find((part) => part.includes(wish.email)) ?? '';
  return new URL(/<code[^>]*>([^<]+)<\/code>/.exec(row)?.[1] ?? '').pathname;
}

const accept = (visitor: Visitor, path: string, fields: Record<string, string> = {}) =>
  visitor.submit(path, path, { name: 'New Person', new_password: PASSWORD, ...fields });

const roleOf = async (email: string, tenant: string) => {
  const [row] = await queryAs(
    stack.superuserUrl,
    'select m.role, m.status from app.memberships as m join app.users as u using (user_id) where u.email = $1 and m.tenant_id = $2',
    [email, tenant],
  );
  return row;
};

describe('an invitation', () => {
  test('makes somebody new a member with exactly its role, signed in, once', async () => {
    const email = newEmail();
    const path = await invite(await signedIn(olga), { tenant: olga.tenant, email, role: 'viewer' });
    const visitor = new Visitor(stack);
    const answer = await accept(visitor, path, { role: 'owner', email: 'somebody@else.example' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/account']);
    expect(await (await visitor.get('/account')).text()).toContain(email);
    expect(await roleOf(email, olga.tenant)).toEqual({ role: 'viewer', status: 'active' });
    expect((await new Visitor(stack).get(path)).status).toBe(404);
    expect((await new Visitor(stack).signIn(email)).status).toBe(303);
  });

  test('is accepted once by ten who open it at the same moment', async () => {
    const path = await invite(await signedIn(olga), {
      tenant: olga.tenant,
      email: newEmail(),
      role: 'member',
    });
    const answers = await Promise.all(Array.from({ length: 10 }, () => accept(new Visitor(stack), path)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
  });

  test('opened by a program that previews links is not spent', async () => {
    const path = await invite(await signedIn(olga), {
      tenant: olga.tenant,
      email: newEmail(),
      role: 'member',
    });
    for (let look = 0; look < 3; look++) expect((await new Visitor(stack).get(path)).status).toBe(200);
    expect((await accept(new Visitor(stack), path)).status).toBe(303);
  });

  test('is stored as SHA-256 alone', async () => {
    const email = newEmail();
    const path = await invite(await signedIn(olga), { tenant: olga.tenant, email, role: 'member' });
    const secret = path.split('/').at(-1) ?? '';
    const [row] = await queryAs(
      stack.superuserUrl,
      'select i::text as text, link_sha256 from app.invitations as i where email = $1',
      [email],
    );
    expect(row?.link_sha256).toBe(createHash('sha256').update(secret).digest('hex'));
    expect(row?.text).not.toContain(secret);
  });

  test.each([
    ['expired', "update app.invitations set expires_at = now() - interval '1 second' where email = $1"],
    ['withdrawn', 'update app.invitations set revoked_at = now() where email = $1'],
    [
      'made by an admin who was removed since',
      "update app.memberships set status = 'ended' from app.invitations as i where i.email = $1 and memberships.user_id = i.created_by and memberships.tenant_id = i.tenant_id",
    ],
    [
      'made by an admin who is a member now',
      "update app.memberships set role = 'member' from app.invitations as i where i.email = $1 and memberships.user_id = i.created_by and memberships.tenant_id = i.tenant_id",
    ],
    [
      'of a tenant that is suspended',
      "update app.tenants set status = 'suspended' from app.invitations as i where i.email = $1 and tenants.tenant_id = i.tenant_id",
    ],
  ])('that is %s is answered like one that never was', async (_what, sql) => {
    const admin = await settleAccount(stack, { name: 'Adam', role: 'admin' });
    const email = newEmail();
    const path = await invite(await signedIn(admin), { tenant: admin.tenant, email, role: 'member' });
    const visitor = new Visitor(stack);
    const page = await (await visitor.get(path)).text();
    await queryAs(stack.superuserUrl, sql, [email]);
    const answer = await visitor.post(path, {
      ...hiddenFields(page, path),
      name: 'Late',
      new_password: PASSWORD,
    });
    const never = await visitor.post(`/invitations/${'A'.repeat(43)}`, {
      ...hiddenFields(page, path),
      name: 'Late',
      new_password: PASSWORD,
    });
    expect([answer.status, never.status]).toEqual([404, 404]);
    const withoutReference = async (response: Response) =>
      (await response.text()).replace(/req_[0-9a-z]+/, '');
    expect(await withoutReference(answer)).toBe(await withoutReference(never));
    expect(await roleOf(email, admin.tenant)).toBeUndefined();
  });

  test('for somebody with an account is accepted by who signs in with it', async () => {
    const bob = await settleAccount(stack, { name: 'Bob' });
    const path = await invite(await signedIn(olga), { tenant: olga.tenant, email: bob.email, role: 'admin' });
    const browser = await signedIn(bob);
    expect((await browser.submit(path, path, {})).status).toBe(303);
    expect(await roleOf(bob.email, olga.tenant)).toEqual({ role: 'admin', status: 'active' });
  });
});

describe('Mallory, admin of a tenant of her own,', () => {
  const mallory = () => settleAccount(stack, { name: 'Mallory', role: 'admin' });

  test('invites Ann to it, opens the link herself, and does not get Ann’s account', async () => {
    const evil = await mallory();
    const ann = await settleAccount(stack, { name: 'Ann' });
    const path = await invite(await signedIn(evil), {
      tenant: evil.tenant,
      email: ann.email,
      role: 'member',
    });
    const answer = await accept(new Visitor(stack), path, { new_password: 'mallorys own password' });
    expect(answer.status).toBe(422);
    expect((await new Visitor(stack).signIn(ann.email, 'mallorys own password')).status).toBe(422);
    expect((await new Visitor(stack).signIn(ann.email, PASSWORD)).status).toBe(303);
  });

  test('accepts an invitation that was made out to Ann, signed in as herself, and gets nowhere', async () => {
    const ann = await settleAccount(stack, { name: 'Ann' });
    const path = await invite(await signedIn(olga), { tenant: olga.tenant, email: ann.email, role: 'admin' });
    const evil = await mallory();
    const browser = await signedIn(evil);
    const { csrf = '' } = hiddenFields(await (await browser.get('/account')).text(), '/logout');
    expect((await browser.post(path, { csrf })).status).toBe(404);
    expect(await roleOf(evil.email, olga.tenant)).toBeUndefined();
  });

  test.each([
    ['to Olga’s tenant', () => ({ tenant: olga.tenant, role: 'viewer' }), 404],
    ['to a tenant that is not there', () => ({ tenant: newId('tenant'), role: 'viewer' }), 404],
    ['an owner to her own', (tenant: string) => ({ tenant, role: 'owner' }), 422],
    ['a role that is not there', (tenant: string) => ({ tenant, role: 'superuser' }), 422],
  ] as const)('invites %s and is refused', async (_what, wish, status) => {
    const evil = await mallory();
    const email = newEmail();
    const answer = await (await signedIn(evil)).submit('/invitations', '/invitations', {
      ...wish(evil.tenant),
      email,
    });
    expect(answer.status).toBe(status);
    expect(
      await queryAs(stack.superuserUrl, 'select from app.invitations where email = $1', [email]),
    ).toEqual([]);
  });

  test('withdraws an invitation of Olga’s and is told that there is none', async () => {
    const email = newEmail();
    const path = await invite(await signedIn(olga), { tenant: olga.tenant, email, role: 'member' });
    const [row] = await queryAs(
      stack.superuserUrl,
      'select invitation_id from app.invitations where email = $1',
      [email],
    );
    const browser = await signedIn(await mallory());
    const { csrf = '' } = hiddenFields(await (await browser.get('/account')).text(), '/logout');
    expect((await browser.post(`/invitations/${row?.invitation_id}/withdraw`, { csrf })).status).toBe(404);
    expect((await new Visitor(stack).get(path)).status).toBe(200);
  });

  test('admin of Olga’s team, is shown the link of no owner’s invitation, by no way', async () => {
    const evil = await settleAccount(stack, { name: 'Mallory', tenant: olga.tenant, role: 'admin' });
    const path = await invite(await signedIn(olga), {
      ...{ tenant: olga.tenant, email: newEmail(), role: 'owner' },
    });
    const page = await (await (await signedIn(evil)).get('/invitations')).text();
    expect(page).toContain('shown to owners');
    expect(page).not.toContain(path);
  });

  test('invited twice, has no spare link once she has joined', async () => {
    const evil = await mallory();
    const owner = await signedIn(olga);
    const wish = { tenant: olga.tenant, email: evil.email, role: 'admin' };
    const spare = await invite(owner, { ...wish, role: 'owner' });
    const used = await invite(owner, wish);
    const browser = await signedIn(evil);
    const { csrf = '' } = hiddenFields(await (await browser.get('/account')).text(), '/logout');
    expect((await browser.post(used, { csrf })).status).toBe(303);
    expect((await browser.post(spare, { csrf })).status).toBe(404);
    expect(await roleOf(evil.email, olga.tenant)).toEqual({ role: 'admin', status: 'active' });
  });

  test('as a mere member makes no invitation, and sees none', async () => {
    const member = await settleAccount(stack, { name: 'Member', tenant: olga.tenant, role: 'member' });
    const browser = await signedIn(member);
    const page = await (await browser.get('/invitations')).text();
    expect(page).not.toContain('/invitations/');
    const { csrf = '' } = hiddenFields(page, '/logout');
    const answer = await browser.post('/invitations', {
      csrf,
      tenant: olga.tenant,
      role: 'viewer',
      email: newEmail(),
    });
    expect(answer.status).toBe(422);
  });
});

describe('the first owner', () => {
  test('comes by a one-time link of the operator, into a tenant that it makes', async () => {
    const tenant = newId('tenant');
    const { secret, sha256 } = drawLink();
    const email = newEmail();
    await asOperator(stack.ownerUrl, (operator) =>
      operator.inviteOwner({
        tenant,
        tenantName: 'First',
        invitation: newId('invitation'),
        email,
        linkSha256: sha256,
        lifetimeSeconds: 60,
      }),
    );
    expect((await accept(new Visitor(stack), `/invitations/${secret}`)).status).toBe(303);
    expect(await roleOf(email, tenant)).toEqual({ role: 'owner', status: 'active' });
    expect((await accept(new Visitor(stack), `/invitations/${secret}`)).status).toBe(403);
  });

  test('is nobody who merely comes first: a visitor finds no form that makes an account', async () => {
    for (const path of ['/', '/login', '/invitations', '/account']) {
      expect(await (await new Visitor(stack).get(path)).text()).not.toContain('new_password');
    }
  });
});

describe('break-glass', () => {
  async function breakGlass(email: string, lifetimeSeconds = 60): Promise<string> {
    const { secret, sha256 } = drawLink();
    expect(
      await asOperator(stack.ownerUrl, (operator) =>
        operator.createRecovery({ email, linkSha256: sha256, lifetimeSeconds }),
      ),
    ).toBe(true);
    return `/recovery/${secret}`;
  }
  const recover = (visitor: Visitor, path: string, password = 'nine white islands') =>
    visitor.submit(path, path, { new_password: password });

  test('lets a locked-out owner in with a new password, once; every session before has ended', async () => {
    const owner = await settleAccount(stack, { name: 'Otto', role: 'owner' });
    const before = await signedIn(owner);
    for (let attempt = 0; attempt < 6; attempt++)
      await new Visitor(stack).signIn(owner.email, 'wrong green harbours');
    const path = await breakGlass(owner.email);
    expect((await new Visitor(stack).get(path)).status).toBe(200);
    const browser = new Visitor(stack);
    expect((await recover(browser, path)).headers.get('location')).toBe('/account');
    expect((await browser.get('/account')).status).toBe(200);
    expect((await before.get('/account')).status).toBe(303);
    expect((await recover(new Visitor(stack), path)).status).toBe(403);
    expect((await new Visitor(stack).signIn(owner.email, PASSWORD)).status).toBe(422);
    expect((await new Visitor(stack).signIn(owner.email, 'nine white islands')).status).toBe(303);
  });

  test('is told to every owner of every tenant of the person, until they say that they have read it, and stands in the audit logs', async () => {
    const first = await settleAccount(stack, { name: 'First', role: 'owner' });
    const person = await settleAccount(stack, { name: 'Pia', tenant: first.tenant, role: 'member' });
    const stranger = await settleAccount(stack, { name: 'Stranger', role: 'owner' });
    await recover(new Visitor(stack), await breakGlass(person.email));

    const browser = new Visitor(stack);
    const answer = await browser.signIn(first.email);
    const notices = answer.headers.get('location') ?? '';
    expect(notices).toMatch(/^\/notices\?return_to=/);
    const page = await (await browser.get(notices)).text();
    expect(page).toContain(person.email);
    expect(page.match(/recovery link/g)).toHaveLength(2);
    expect((await browser.post('/notices', hiddenFields(page, '/notices'))).headers.get('location')).toBe(
      '/account',
    );
    expect((await new Visitor(stack).signIn(first.email)).headers.get('location')).toBe('/account');
    expect((await new Visitor(stack).signIn(stranger.email)).headers.get('location')).toBe('/account');

    const events = await queryAs(
      stack.superuserUrl,
      "select action, credential_kind from app.audit_events where tenant_id = $1 and action like 'person.recovery%' order by position",
      [first.tenant],
    );
    expect(events).toEqual([
      { action: 'person.recovery_created', credential_kind: 'operator' },
      { action: 'person.recovery_used', credential_kind: 'recovery' },
    ]);
  });

  test('for ten at the same moment succeeds once; a second link ends the first; an old one is dead', async () => {
    const owner = await settleAccount(stack, { name: 'Otto' });
    const first = await breakGlass(owner.email);
    const second = await breakGlass(owner.email);
    expect((await new Visitor(stack).get(first)).status).toBe(404);
    const answers = await Promise.all(Array.from({ length: 10 }, () => recover(new Visitor(stack), second)));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    const expired = await breakGlass(owner.email, 60);
    await queryAs(stack.superuserUrl, 'update app.recovery_links set expires_at = now() where user_id = $1', [
      owner.user,
    ]);
    expect((await new Visitor(stack).get(expired)).status).toBe(404);
  });

  test('does not take a weak password', async () => {
    const owner = await settleAccount(stack, { name: 'Otto' });
    const path = await breakGlass(owner.email);
    expect((await recover(new Visitor(stack), path, 'password1234')).status).toBe(422);
    expect((await recover(new Visitor(stack), path)).status).toBe(303);
  });
});
