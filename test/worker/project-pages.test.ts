import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { callTool } from '../support/mcp-call.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();

/** Mia, a mere member, made the project; Bob is a member too; Adam administers the team. */
let mia: Account;
let bob: Account;
let adam: Account;
let browsers: Record<'mia' | 'bob' | 'adam', Visitor>;
let project: string;
let path: string;

beforeAll(async () => {
  const olga = await settleAccount(stack, { name: 'Olga' });
  const inTeam = (name: string, role: 'member' | 'admin') =>
    settleAccount(stack, { name, tenant: olga.tenant, role });
  [mia, bob, adam] = await Promise.all([
    inTeam('Mia', 'member'),
    inTeam('Bob', 'member'),
    inTeam('Adam', 'admin'),
  ]);
  const [ofMia, ofBob, ofAdam] = await Promise.all([mia, bob, adam].map((who) => signedIn(stack, who)));
  if (!ofMia || !ofBob || !ofAdam) throw new Error('nobody signed in');
  browsers = { mia: ofMia, bob: ofBob, adam: ofAdam };
  const made = await callTool(stack, mia.token, 'create_project', { name: 'Merger' });
  project = String(made.structured.project);
  path = `/projects/${mia.tenant}/${project}`;
});

const rolesNow = async () => {
  const rows = await queryAs(
    stack.superuserUrl,
    'select user_id, role from app.project_members where project_id = $1',
    [project],
  );
  return Object.fromEntries(rows.map(({ user_id, role }) => [user_id as string, role]));
};
const reads = async ({ token }: Account) =>
  (await callTool(stack, token, 'list_files', { project })).error?.code ?? 'ok';
const visit = async (who: keyof typeof browsers, at: string) => {
  const response = await browsers[who].get(at);
  return { status: response.status, text: (await response.text()).replace(/req_[0-9a-z]+/g, '') };
};

describe('the owner of a project, a mere member of the team,', () => {
  test('restricts it, gives a role, changes it, takes it, and opens it again, each from the next request on', async () => {
    const { mia: browser } = browsers;
    expect(await reads(bob)).toBe('ok');
    const steps: readonly (readonly [string, Record<string, string>, string, string])[] = [
      ['visibility', { restricted: 'yes' }, 'restricted', 'not_found'],
      ['members', { email: bob.email, role: 'viewer' }, 'role', 'ok'],
      [`members/${bob.user}/role`, { role: 'editor' }, 'role', 'ok'],
      [`members/${bob.user}/remove`, {}, 'removed', 'not_found'],
      ['visibility', { restricted: 'no' }, 'open', 'ok'],
    ];
    for (const [action, fields, done, bobReads] of steps) {
      const answer = await browser.submit(path, `${path}/${action}`, fields);
      expect([action, answer.status, answer.headers.get('location')]).toEqual([
        action,
        303,
        `${path}?done=${done}`,
      ]);
      expect([action, await reads(bob)]).toEqual([action, bobReads]);
    }
    expect(await rolesNow()).toEqual({ [mia.user]: 'owner' });
  });

  test('is told in a sentence what is not accepted', async () => {
    const { mia: browser } = browsers;
    const said = async (action: string, fields: Record<string, string>) => {
      const answer = await browser.submit(path, `${path}/${action}`, fields);
      return [answer.status, /role="alert">([^<]+)</.exec(await answer.text())?.[1]];
    };
    expect(await said('members', { email: 'nobody@example.org', role: 'viewer' })).toEqual([
      422,
      'Nobody in the team has this email. An admin invites people to the team first.',
    ]);
    expect(await said(`members/${mia.user}/role`, { role: 'viewer' })).toEqual([
      422,
      'A project keeps one owner, and this is the last one. Make somebody else an owner first.',
    ]);
    expect(await said('members', { email: bob.email, role: 'king' })).toEqual([422, 'Choose a role.']);
  });
});

describe('a restricted project', () => {
  beforeAll(async () => {
    await browsers.mia.submit(path, `${path}/visibility`, { restricted: 'yes' });
  });

  test('is on no page of who is nothing in it, and its address is one that is not there', async () => {
    expect((await visit('bob', '/projects')).text).not.toContain('Merger');
    const absent = `/projects/${mia.tenant}/${newId('project')}`;
    expect(await visit('bob', path)).toEqual(await visit('bob', absent));
    expect((await visit('bob', path)).status).toBe(404);
    const csrf = /name="csrf"[^>]* value="([^"]+)"/.exec((await visit('bob', '/account')).text)?.[1] ?? '';
    const before = await rolesNow();
    for (const [action, fields] of [
      ['visibility', { restricted: 'no' }],
      ['members', { email: bob.email, role: 'owner' }],
      [`members/${bob.user}/role`, { role: 'owner' }],
      [`members/${mia.user}/remove`, {}],
    ] as const) {
      const sent = { csrf, ...fields };
      const [toHidden, toAbsent] = await Promise.all(
        [path, absent].map(async (at) => {
          const answer = await browsers.bob.post(`${at}/${action}`, sent);
          return [answer.status, (await answer.text()).replace(/req_[0-9a-z]+/g, '')];
        }),
      );
      expect(toHidden, action).toEqual(toAbsent);
      expect(toHidden?.[0], action).toBe(404);
    }
    expect(await rolesNow()).toEqual(before);
  });

  test('shows its name to an admin of the team, who sees inside after giving themselves a role', async () => {
    expect((await visit('adam', '/projects')).text).toContain('say who works on it, not see inside');
    expect(await reads(adam)).toBe('not_found');
    await browsers.adam.submit(path, `${path}/members`, { email: adam.email, role: 'viewer' });
    expect(await reads(adam)).toBe('ok');
    const leaving = await browsers.adam.submit(path, `${path}/members/${adam.user}/remove`, {});
    expect(leaving.headers.get('location')).toBe('/projects');
    expect(await reads(adam)).toBe('not_found');
  });
});

describe('the page of a project with many runs', () => {
  test('shows the newest, and leads to all others, each once', async () => {
    const { structured } = await callTool(stack, mia.token, 'create_project', { name: 'Many runs' });
    const many = String(structured.project);
    const started = new Set<string>();
    for (let n = 0; n < 22; n++) {
      const asked = { project: many, code: `print(${n})`, wait_seconds: 0 };
      started.add(String((await callTool(stack, mia.token, 'run_code', asked)).structured.run));
    }
    const at = `/projects/${mia.tenant}/${many}`;
    const runsOn = (text: string) =>
      [...text.matchAll(/href="\/runs\/[^/]+\/(run_\w+)"/g)].map(([, run]) => run);
    const first = (await visit('mia', at)).text;
    expect(first).toContain('22 runs, newest first');
    const older = /href="([^"]+)">Older runs</.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = (await visit('mia', older)).text;
    expect(second).not.toContain('Older runs');
    expect([runsOn(first).length, runsOn(second).length]).toEqual([20, 2]);
    expect(new Set([...runsOn(first), ...runsOn(second)])).toEqual(started);
  });
});
