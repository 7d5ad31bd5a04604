import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { postMcp } from '../support/mcp-call.ts';
import { type Connected, connect, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let olga: Account;
let owner: Visitor;
beforeAll(async () => {
  olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
  owner = await signedIn(stack, olga);
});

let people = 0;
const settleMember = (role: 'viewer' | 'member' | 'admin' | 'owner' = 'member') =>
  settleAccount(stack, { name: `Person${++people}`, tenant: olga.tenant, role });
const pathOf = ({ tenant, user }: { tenant: string; user: string }, action: string) =>
  `/members/${tenant}/${user}/${action}`;
/** The token of the visitor's forms, from a form that every page has. */
const csrfOf = async (visitor: Visitor) =>
  hiddenFields(await (await visitor.get('/account')).text(), '/logout').csrf ?? '';
const membership = async ({ tenant, user }: Account) =>
  (
    await queryAs(
      stack.superuserUrl,
      'select role, status from app.memberships where tenant_id = $1 and user_id = $2',
      [tenant, user],
    )
  )[0];
const withoutReference = async (response: Response) => (await response.text()).replace(/req_[0-9a-z]+/, '');
const statusOf = async (response: Response) => {
  await response.body?.cancel();
  return response.status;
};

describe('an owner', () => {
  test('changes a role, for the very next request of the member’s token', async () => {
    const mia = await settleMember();
    const create = { name: 'create_project', arguments: { name: `mias-${mia.user.slice(-6)}` } };
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: create };
    const answer = await owner.submit('/members', pathOf(mia, 'role'), { role: 'viewer' });
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/members?done=role']);
    expect(await (await owner.get('/members?done=role')).text()).toContain('The role is changed');
    const refused = await postMcp(stack, mia.token, call);
    expect(refused.status).toBe(403);
    expect(await refused.text()).toContain('insufficient_role');
  });

  test('removes a member: session, token and agent reach the team no more, and no invitation wakes them', async () => {
    const mia = await settleMember('admin');
    const browser = await signedIn(stack, mia);
    const agent: Connected = await connect(stack, browser);
    const reaches = async () => [
      (await postMcp(stack, mia.token, LIST)).status,
      (await postMcp(stack, agent.tokens.access_token, LIST)).status,
      (await (await browser.get('/members')).text()).includes(olga.email),
      await statusOf(await browser.get(pathOf(olga, 'sign-ins'))),
    ];
    expect(await reaches()).toEqual([200, 200, true, 200]);
    const answer = await owner.submit('/members', pathOf(mia, 'remove'), {});
    expect(answer.headers.get('location')).toBe('/members?done=removed');
    expect(await reaches()).toEqual([401, 401, false, 404]);

    await owner.submit('/invitations', '/invitations', {
      tenant: olga.tenant,
      email: mia.email,
      role: 'admin',
    });
    const page = await (await owner.get('/invitations')).text();
    const row = page.split('<tr>').find((part) => part.includes(mia.email)) ?? '';
    const link = new URL(/<code[^>]*>([^<]+)<\/code>/.exec(row)?.[1] ?? '').pathname;
    expect((await browser.submit(link, link, {})).status).toBe(303);
    expect(await reaches()).toEqual([401, 401, true, 200]);
  });

  test('reads how a member signed in, wrong passwords and the address too', async () => {
    const mia = await settleMember();
    const visitor = new Visitor(stack);
    await visitor.signIn(mia.email, 'wrong green harbours');
    await visitor.signIn(mia.email);
    const page = await (await owner.get(pathOf(mia, 'sign-ins'))).text();
    expect(page).toContain('wrong password');
    expect(page).toContain(visitor.address);
  });

  test('who is the last one is told so, and stays', async () => {
    const only = await settleAccount(stack, { name: 'Only', role: 'owner' });
    const browser = await signedIn(stack, only);
    for (const [action, fields] of [
      ['remove', {}],
      ['role', { role: 'viewer' }],
    ] as const) {
      const answer = await browser.submit('/members', pathOf(only, action), fields);
      expect(answer.status).toBe(422);
      expect(await answer.text()).toContain('This is the last owner of the team.');
    }
    expect(await membership(only)).toEqual({ role: 'owner', status: 'active' });
  });
});

describe('an admin', () => {
  test('is offered no way to touch an owner, and finds none by hand', async () => {
    const adam = await settleMember('admin');
    const browser = await signedIn(stack, adam);
    const page = await (await browser.get('/members')).text();
    expect(page).not.toContain(pathOf(olga, 'role'));
    expect(page).not.toContain(pathOf(olga, 'remove'));
    expect(page).not.toContain('<option value="owner"');
    const csrf = await csrfOf(browser);
    for (const [action, fields] of [
      ['role', { role: 'member' }],
      ['remove', {}],
    ] as const)
      expect((await browser.post(pathOf(olga, action), { csrf, ...fields })).status).toBe(422);
    const mia = await settleMember();
    for (const target of [mia, adam])
      expect((await browser.post(pathOf(target, 'role'), { csrf, role: 'owner' })).status).toBe(422);
    expect(await membership(olga)).toEqual({ role: 'owner', status: 'active' });
    expect((await browser.post(pathOf(mia, 'role'), { csrf, role: 'admin' })).status).toBe(303);
    expect(await membership(mia)).toEqual({ role: 'admin', status: 'active' });
  });
});

describe('a mere member', () => {
  test('sees who belongs to the team, no sign-ins but their own, changes nobody, and may leave', async () => {
    const [mia, bob] = [await settleMember(), await settleMember()];
    const browser = await signedIn(stack, mia);
    const page = await (await browser.get('/members')).text();
    expect(page).toContain(bob.email);
    expect(page).not.toContain(bob.user);
    const csrf = await csrfOf(browser);
    expect((await browser.post(pathOf(bob, 'remove'), { csrf })).status).toBe(422);
    expect((await browser.post(pathOf(bob, 'role'), { csrf, role: 'viewer' })).status).toBe(422);
    expect((await browser.post(pathOf(mia, 'role'), { csrf, role: 'admin' })).status).toBe(422);
    expect((await browser.get(pathOf(bob, 'sign-ins'))).status).toBe(403);
    expect((await browser.get(pathOf(mia, 'sign-ins'))).status).toBe(200);
    const answer = await browser.submit('/members', pathOf(mia, 'remove'), {});
    expect(answer.headers.get('location')).toBe('/members?done=left');
    expect(await (await browser.get('/members?done=left')).text()).toContain('You have left the team.');
    expect(await membership(bob)).toEqual({ role: 'member', status: 'active' });
  });
});

describe('Mallory, owner of another team,', () => {
  test('gets for a member and a team of Olga’s what she gets for ones that are not there', async () => {
    const mallory = await settleAccount(stack, { name: 'Mallory' });
    const browser = await signedIn(stack, mallory);
    const mia = await settleMember();
    const csrf = await csrfOf(browser);
    const places = (tenant: string, user: string) => [
      { tenant, user },
      { tenant: mallory.tenant, user },
    ];
    const answersFor = async (tenant: string, user: string) => {
      const answers: string[] = [];
      for (const place of places(tenant, user)) {
        for (const send of [
          browser.post(pathOf(place, 'role'), { csrf, role: 'viewer' }),
          browser.post(pathOf(place, 'remove'), { csrf }),
          browser.get(pathOf(place, 'sign-ins')),
          browser.get(`/members?team=${tenant}`),
        ]) {
          const answer = await send;
          answers.push(`${answer.status} ${await withoutReference(answer)}`);
        }
      }
      return answers;
    };
    const foreign = await answersFor(olga.tenant, mia.user);
    expect(foreign).toEqual(await answersFor(newId('tenant'), newId('user')));
    expect(foreign.every((answer) => answer.startsWith('404'))).toBe(true);
    expect(await membership(mia)).toEqual({ role: 'member', status: 'active' });
  });

  test('does not get Olga’s browser to do it for her', async () => {
    const mia = await settleMember();
    const csrf = await csrfOf(owner);
    const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await owner.post(pathOf(mia, 'remove'), { csrf }, evil)).status).toBe(403);
    expect(
      (await owner.post(pathOf(mia, 'remove'), { csrf: await csrfOf(await signedIn(stack, mia)) })).status,
    ).toBe(403);
    expect(await membership(mia)).toEqual({ role: 'member', status: 'active' });
  });

  test('whose name is markup shows as text', async () => {
    await settleAccount(stack, { name: '<img/src=x>', tenant: olga.tenant, role: 'viewer' });
    const page = await (await owner.get('/members')).text();
    expect(page).toContain('&lt;img');
    expect(page).not.toContain('<img');
  });
});

test('somebody without a session is sent to sign in and back', async () => {
  for (const path of ['/members', '/tokens', '/requests', pathOf(olga, 'sign-ins')]) {
    const answer = await new Visitor(stack).get(path);
    expect(answer.headers.get('location')).toMatch(/^\/login\?return_to=/);
  }
});

describe('many', () => {
  test('members are shown page by page, each once', async () => {
    const team = await settleAccount(stack, { name: 'Zoe', role: 'owner' });
    await queryAs(
      stack.superuserUrl,
      `with new as (
         insert into app.users (user_id, email, name)
         select app.new_id('usr'), 'many' || n || '-' || right($1, 8) || '@example.org', 'Member ' || n from generate_series(1, 120) as n
         returning user_id)
       insert into app.memberships (tenant_id, user_id, role) select $1, user_id, 'viewer' from new`,
      [team.tenant],
    );
    const visitor = await signedIn(stack, team);
    const seen: string[] = [];
    for (let path: string | undefined = '/members'; path !== undefined; ) {
      const page: string = await (await visitor.get(path)).text();
      expect(page).toContain('121 members');
      seen.push(...[...page.matchAll(/<td><bdi>([^<]+)</g)].map(([, name = '']) => name));
      path = /href="(\/members\?team=[^"]+)"/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen).toHaveLength(121);
    expect(new Set(seen).size).toBe(121);
  });

  test('teams of one person stand apart, and an address may name one of them', async () => {
    const bob = await settleAccount(stack, { name: 'Bob', role: 'owner' });
    await queryAs(
      stack.superuserUrl,
      "insert into app.memberships (tenant_id, user_id, role) values ($1, $2, 'viewer')",
      [olga.tenant, bob.user],
    );
    const visitor = await signedIn(stack, bob);
    const both = await (await visitor.get('/members')).text();
    expect([both.includes(`id="${bob.tenant}"`), both.includes(`id="${olga.tenant}"`)]).toEqual([true, true]);
    // An owner in one team is none in the other.
    expect(both).not.toContain(`/members/${olga.tenant}/${olga.user}`);
    const one = await (await visitor.get(`/members?team=${olga.tenant}`)).text();
    expect([one.includes(`id="${bob.tenant}"`), one.includes(`id="${olga.tenant}"`)]).toEqual([false, true]);
  });
});
