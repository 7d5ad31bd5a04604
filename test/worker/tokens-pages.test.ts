import { beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { newId } from '../../protocol/ids.ts';
import { callTool, postMcp } from '../support/mcp-call.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let ann: Account;
let browser: Visitor;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann', role: 'member', scopes: ['projects:read'] });
  browser = await signedIn(stack, ann);
});

const fieldsFor = (account: Account, changes: Readonly<Record<string, string>> = {}) => ({
  tenant: account.tenant,
  name: 'nightly',
  'scope:projects:read': 'on',
  role: 'member',
  days: '90',
  networks: '',
  ...changes,
});
const make = (visitor: Visitor, account: Account, changes: Readonly<Record<string, string>> = {}) =>
  visitor.submit('/tokens', '/tokens', fieldsFor(account, changes));
const tokenIn = (page: string) => /<code id="token">(btk_[^<]+)<\/code>/.exec(page)?.[1] ?? '';
const idOf = (token: string) => `tok_${token.slice(30, 56)}`;
const statusOf = async (token: string, headers: Record<string, string> = {}) => {
  const response = await postMcp(stack, token, LIST, { headers });
  await response.body?.cancel();
  return response.status;
};
const pathOf = (account: Account, tokenId: string, action: string) =>
  `/tokens/${account.tenant}/${tokenId}/${action}`;
const countOf = async ({ user }: Account) =>
  (await queryAs(stack.superuserUrl, 'select from app.api_tokens where user_id = $1', [user])).length;

describe('a token that is made in the browser', () => {
  test('works with just what was chosen, is shown once and stored as a hash', async () => {
    const made = await make(browser, ann);
    expect([made.status, made.headers.get('cache-control')]).toEqual([200, 'no-store']);
    const token = tokenIn(await made.text());
    const { structured } = await callTool(stack, token, 'whoami');
    expect(structured).toMatchObject({ role: 'member', scopes: ['projects:read'] });
    for (const path of ['/tokens', '/tokens?ended=yes', '/account', '/requests']) {
      expect(await (await browser.get(path)).text()).not.toContain(token.slice(57));
    }
    const rows = await queryAs(
      stack.superuserUrl,
      `select t::text as text from app.api_tokens as t where token_id = $1
       union all select e::text from app.audit_events as e where target_id = $1`,
      [idOf(token)],
    );
    expect(rows).toHaveLength(2);
    expect(JSON.stringify(rows)).not.toContain(token.slice(57, -6));
    expect(rows[0]?.text).toContain('$argon2id$v=19$m=19456,t=2,p=1$');
  });

  test('holds at its networks only', async () => {
    const token = tokenIn(await (await make(browser, ann, { networks: '192.0.2.0/24' })).text());
    expect(await statusOf(token, { 'cf-connecting-ip': '192.0.2.9' })).toBe(200);
    expect(await statusOf(token, { 'cf-connecting-ip': '198.51.100.9' })).toBe(403);
  });

  test('sent twice by a reload makes one, and the second answer does not show it', async () => {
    const page = await (await browser.get('/tokens')).text();
    const fields = { ...hiddenFields(page, '/tokens'), ...fieldsFor(ann) };
    const before = await countOf(ann);
    const token = tokenIn(await (await browser.post('/tokens', fields)).text());
    const again = await browser.post('/tokens', fields);
    expect(again.status).toBe(422);
    const text = await again.text();
    expect(text).toContain('This form was sent before');
    expect(text).not.toContain(token.slice(57));
    expect(await countOf(ann)).toBe(before + 1);
  });

  test.each([
    ['a role above one’s own', { role: 'admin' }, 'no more than you may yourself'],
    ['no scope', { 'scope:projects:read': undefined }, 'Choose what the token may do'],
    ['a network that is none', { networks: 'example.org' }, 'example.org is no network'],
    ['ten years', { days: '3650' }, 'A token lives from an hour to 365 days'],
    ['a name of nothing', { name: ' ' }, 'Give the token a name'],
  ])(
    'with %s is not made: the page comes again with a sentence and what was typed',
    async (_what, changes, sentence) => {
      const before = await countOf(ann);
      const { csrf = '', token = '' } = hiddenFields(await (await browser.get('/tokens')).text(), '/tokens');
      const fields = Object.fromEntries(
        Object.entries({ ...fieldsFor(ann), networks: '10.0.0.0/8', ...changes, csrf, token }).filter(
          (entry): entry is [string, string] => entry[1] !== undefined,
        ),
      );
      const answer = await browser.post('/tokens', fields);
      expect(answer.status).toBe(422);
      const page = await answer.text();
      expect(page).toContain(sentence);
      expect(page).toContain(fields.networks);
      expect(await countOf(ann)).toBe(before);
    },
  );

  test('lives no longer than the team allows, and the form says so', async () => {
    const bob = await settleAccount(stack, { name: 'Bob', role: 'member' });
    await asOperator(stack.ownerUrl, (operator) => operator.capTokenLifetime(bob.tenant, 30 * 24 * 3600_000));
    const visitor = await signedIn(stack, bob);
    const page = await (await visitor.get('/tokens')).text();
    expect(page).toContain('allows 30 days at most');
    expect(page).toMatch(/id="days"[^>]* value="30"/);
    const answer = await make(visitor, bob, { days: '31' });
    expect([
      answer.status,
      (await answer.text()).includes('Tokens of this team live 30 days at most.'),
    ]).toEqual([422, true]);
    expect((await make(visitor, bob, { days: '30' })).status).toBe(200);
  });

  test('by the form of another session, or one that is forged, is not made', async () => {
    const bob = await settleAccount(stack, { name: 'Bob', tenant: ann.tenant, role: 'member' });
    const his = hiddenFields(await (await (await signedIn(stack, bob)).get('/tokens')).text(), '/tokens');
    const { csrf = '' } = hiddenFields(await (await browser.get('/tokens')).text(), '/tokens');
    const before = await countOf(ann);
    for (const token of [his.token ?? '', 'x.y', newId('token')]) {
      const answer = await browser.post('/tokens', { ...fieldsFor(ann), csrf, token });
      expect(answer.status).toBe(422);
    }
    expect(await countOf(ann)).toBe(before);
  });
});

describe('rotating and revoking', () => {
  test('a successor is shown once; the old one goes on for the overlap alone', async () => {
    const old = tokenIn(await (await make(browser, ann)).text());
    const path = pathOf(ann, idOf(old), 'rotate');
    const page = await (await browser.get('/tokens')).text();
    const rotated = await browser.post(path, { ...hiddenFields(page, path), overlap: '3600' });
    const fresh = tokenIn(await rotated.text());
    expect([await statusOf(old), await statusOf(fresh)]).toEqual([200, 200]);
    const again = await browser.post(path, { ...hiddenFields(page, path), overlap: '0' });
    expect([again.status, (await again.text()).includes('rotated before')]).toEqual([422, true]);

    const next = pathOf(ann, idOf(fresh), 'rotate');
    const last = tokenIn(await (await browser.submit('/tokens', next, { overlap: '0' })).text());
    expect([await statusOf(fresh), await statusOf(last)]).toEqual([401, 200]);
  });

  test('a revoked one is refused on its very next request', async () => {
    const token = tokenIn(await (await make(browser, ann)).text());
    expect(await statusOf(token)).toBe(200);
    const answer = await browser.submit('/tokens', pathOf(ann, idOf(token), 'revoke'), {});
    expect(answer.headers.get('location')).toBe('/tokens?done=revoked');
    expect(await statusOf(token)).toBe(401);
  });

  test('an admin sees and revokes a member’s, and is offered no rotation of it', async () => {
    const olga = await settleAccount(stack, { name: 'Olga', tenant: ann.tenant, role: 'admin' });
    const admin = await signedIn(stack, olga);
    const token = tokenIn(await (await make(browser, ann, { name: 'of-ann' })).text());
    const page = await (await admin.get('/tokens')).text();
    expect(page).toContain('of-ann');
    expect(page).not.toContain(pathOf(ann, idOf(token), 'rotate'));
    const { csrf = '' } = hiddenFields(page, '/logout');
    const stolen = await admin.post(pathOf(ann, idOf(token), 'rotate'), { csrf, overlap: '0' });
    expect([stolen.status, (await stolen.text()).includes('btk_')]).toEqual([404, false]);
    expect((await admin.submit('/tokens', pathOf(ann, idOf(token), 'revoke'), {})).status).toBe(303);
    expect(await statusOf(token)).toBe(401);
  });
});

describe('Mallory', () => {
  test('gets for Ann’s token what she gets for one that is not there, and it lives on', async () => {
    const mallory = await settleAccount(stack, { name: 'Mallory', role: 'owner' });
    const hers = await signedIn(stack, mallory);
    const { csrf = '' } = hiddenFields(await (await hers.get('/account')).text(), '/logout');
    const answersFor = (tenant: string, tokenId: string) =>
      Promise.all(
        [tenant, mallory.tenant]
          .flatMap((team) => [
            hers.post(`/tokens/${team}/${tokenId}/revoke`, { csrf }),
            hers.post(`/tokens/${team}/${tokenId}/rotate`, { csrf, overlap: '0' }),
            hers.get(`/tokens?team=${tenant}`),
            hers.get(`/requests?team=${tenant}`),
          ])
          .map(async (sent) => {
            const answer = await sent;
            return `${answer.status} ${(await answer.text()).replace(/req_[0-9a-z]+/, '')}`;
          }),
      );
    const foreign = await answersFor(ann.tenant, ann.tokenId);
    expect(foreign).toEqual(await answersFor(newId('tenant'), newId('token')));
    expect(foreign.every((answer) => answer.startsWith('404'))).toBe(true);
    expect((await make(hers, ann)).status).toBe(404);
    expect(await (await hers.get('/tokens')).text()).not.toContain(ann.tokenId);
    expect(await statusOf(ann.token)).toBe(200);
  });

  test('holding a token or an agent of an owner finds no page open', async () => {
    const owner = await settleAccount(stack, { name: 'Olga', role: 'owner' });
    for (const path of ['/tokens', '/members', '/requests']) {
      const answer = await fetch(`${stack.publicUrl}${path}`, {
        redirect: 'manual',
        headers: { authorization: `Bearer ${owner.token}` },
      });
      expect(answer.headers.get('location')).toMatch(/^\/login/);
    }
  });
});

describe('the page of requests', () => {
  test('shows an owner who asked what and was refused why; a member their own; and the last use stands on /tokens', async () => {
    const olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
    const bob = await settleAccount(stack, {
      name: 'Bob',
      tenant: olga.tenant,
      role: 'viewer',
      scopes: ['projects:read'],
    });
    const headers = { 'user-agent': 'nightly/1.0', 'cf-connecting-ip': '192.0.2.44' };
    await (await postMcp(stack, olga.token, LIST, { headers })).text();
    const tool = { name: 'create_project', arguments: { name: 'secret-name' } };
    await (
      await postMcp(stack, bob.token, { ...LIST, method: 'tools/call', params: tool }, { headers })
    ).text();
    const owner = await signedIn(stack, olga);
    await expect.poll(async () => (await (await owner.get('/requests')).text()).split('<tr>').length).toBe(4);
    const page = await (await owner.get('/requests')).text();
    for (const text of ['create_project', 'insufficient_scope', 'tools/list', 'nightly/1.0', '192.0.2.44'])
      expect(page).toContain(text);
    expect(page).not.toContain('secret-name');
    const refused = await (await owner.get('/requests?refused=yes')).text();
    expect([refused.includes('create_project'), refused.includes('tools/list')]).toEqual([true, false]);
    const ofOlga = await (await owner.get(`/requests?person=${olga.user}`)).text();
    expect([ofOlga.includes('create_project'), ofOlga.includes('tools/list')]).toEqual([false, true]);

    const member = await signedIn(stack, bob);
    const own = await (await member.get(`/requests?person=${olga.user}`)).text();
    expect(own).toContain('No request fits.');
    expect(await (await member.get('/requests')).text()).not.toContain('tools/list');
    expect(await (await owner.get('/tokens')).text()).toMatch(
      new RegExp(`credential=${olga.tokenId}" aria-label="Requests of`),
    );
  });

  test('goes on from page to page under its filter', async () => {
    const olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
    await queryAs(
      stack.superuserUrl,
      `insert into app.token_uses (tenant_id, request_id, occurred_at, credential_kind, credential_id, user_id, method, target,
                                   latency_ms, outcome, reason)
       select $1, 'req-' || n, now() - n * interval '1 second', 'api_token', $2, $3, 'tools/call', 'tool-' || n, 5,
              case when n % 2 = 0 then 'ok' else 'refused' end, case when n % 2 = 0 then null else 'not_found' end
         from generate_series(1, 301) as n`,
      [olga.tenant, olga.tokenId, olga.user],
    );
    const owner = await signedIn(stack, olga);
    const seen: string[] = [];
    for (let path: string | undefined = '/requests?refused=yes'; path !== undefined; ) {
      const page: string = await (await owner.get(path)).text();
      seen.push(...[...page.matchAll(/<td>(tool-\d+)</g)].map(([, tool = '']) => tool));
      path = /href="([^"]+)">Older ones/.exec(page)?.[1]?.replaceAll('&amp;', '&');
    }
    expect(seen).toEqual(Array.from({ length: 151 }, (_, index) => `tool-${2 * index + 1}`));
  });

  test('and of tokens serve whoever belongs to two teams, each by its own role', async () => {
    const olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
    await queryAs(
      stack.superuserUrl,
      "insert into app.memberships (tenant_id, user_id, role) values ($1, $2, 'viewer')",
      [ann.tenant, olga.user],
    );
    const owner = await signedIn(stack, olga);
    const page = await (await owner.get('/tokens')).text();
    expect([page.includes(olga.tokenId), page.includes(ann.tokenId)]).toEqual([true, false]);
    const tooStrong = await make(owner, ann, { role: 'member' });
    expect([tooStrong.status, (await tooStrong.text()).includes('Choose a role up to viewer.')]).toEqual([
      422,
      true,
    ]);
    const token = tokenIn(await (await make(owner, ann, { role: 'viewer' })).text());
    expect((await callTool(stack, token, 'whoami')).structured).toMatchObject({ role: 'viewer' });
    expect(await (await owner.get(`/requests?team=${ann.tenant}`)).text()).toContain('in your name');
  });

  test.each([
    ['a time that is none', 'from=yesterday', 422],
    ['a cursor of nowhere', 'after=%7Bx', 400],
    ['a person that is none', "person=';drop", 200],
  ])('answers %s like a page', async (_what, query, status) => {
    const answer = await browser.get(`/requests?${query}`);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toContain('text/html');
  });
});
