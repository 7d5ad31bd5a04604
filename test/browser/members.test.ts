import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { judgeLooks, openAs, openProfile, signInAs, startBrowser } from '../support/browser.ts';
import { callTool } from '../support/mcp-call.ts';
import { connect, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
let browser: Browser;
let olga: Account;
let bob: Account;

/** A team as it is after some weeks: five people, an agent, tokens in each state, requests that went well and badly. */
beforeAll(async () => {
  browser = await startBrowser();
  olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
  const { tenant } = olga;
  bob = await settleAccount(stack, { name: 'Bob', tenant, role: 'member' });
  const [vera] = await Promise.all([
    settleAccount(stack, { name: 'Vera', tenant, role: 'viewer', scopes: ['projects:read'] }),
    settleAccount(stack, { name: 'Adam', tenant, role: 'admin', addressRanges: ['192.0.2.0/24'] }),
    settleAccount(stack, { name: 'Otto', tenant, role: 'owner', expiresAt: new Date(Date.now() - 1000) }),
  ]);
  const agent = await connect(stack, await signedIn(stack, bob), { scope: 'projects:read runs:execute' });
  const headers = { 'user-agent': 'nightly-report/1.4', 'cf-connecting-ip': '192.0.2.44' };
  for (const token of [agent.tokens.access_token, bob.token, olga.token])
    await callTool(stack, token, 'whoami', {}, { headers });
  await callTool(stack, vera.token, 'list_files', { project: 'budget' }, { headers });
  await callTool(stack, vera.token, 'create_project', { name: 'mine' }, { headers }).catch(() => {});
  await vi.waitFor(
    async () => {
      const sql = 'select from app.token_uses where tenant_id = $1';
      expect(await queryAs(stack.superuserUrl, sql, [tenant])).toHaveLength(5);
    },
    { timeout: 20_000, interval: 100 },
  );
});
afterAll(() => browser?.close());

const signIn = (page: Page, account: Account) => signInAs(page, stack, account);
const row = (page: Page, text: string) => page.getByRole('row').filter({ hasText: text });

describe('in a real browser', () => {
  test.each([true, false])(
    'an owner changes a role, removes a member after being asked once more, and looks at sign-ins (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const { page, complaints } = await openProfile(browser, { javaScriptEnabled });
      const name = javaScriptEnabled ? 'Tim' : 'Tom';
      const target = await settleAccount(stack, { name, tenant: olga.tenant, role: 'member' });
      await signIn(page, olga);
      await page.getByRole('link', { name: 'Members' }).click();
      await page.getByLabel(`Role of ${name}`, { exact: true }).selectOption('viewer');
      await page.getByRole('button', { name: `Change the role of ${name}` }).click();
      await page.getByText('The role is changed').waitFor();
      expect(await page.getByLabel(`Role of ${name}`, { exact: true }).inputValue()).toBe('viewer');

      await page.getByRole('link', { name: `Sign-ins of ${name}` }).click();
      await page.getByText('Nothing is recorded here').waitFor();
      await page.getByRole('link', { name: 'All members' }).click();

      const last = page.getByRole('button', { name: `Remove ${name}` });
      expect(await last.isVisible()).toBe(false);
      await row(page, target.email).locator('summary').click();
      await last.click();
      await page.getByText('Removed. Their tokens').waitFor();
      expect(await row(page, target.email).count()).toBe(0);
      expect(complaints).toEqual([]);
    },
  );

  test('a member makes a token by keyboard alone, copies it, uses it, rotates and revokes it', async () => {
    const { page, complaints, profile } = await openProfile(browser);
    await profile.grantPermissions(['clipboard-read', 'clipboard-write']);
    await signIn(page, bob);
    await page.getByRole('link', { name: 'Tokens' }).focus();
    await page.keyboard.press('Enter');
    await page.getByLabel('Name', { exact: true }).focus();
    await page.keyboard.type('Keyboard job');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Space');
    await page.getByLabel('Name', { exact: true }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Your new token' }).waitFor();
    await page.getByRole('button', { name: 'Copy token' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    const token = await page.evaluate<string>('navigator.clipboard.readText()');
    expect((await callTool(stack, token, 'whoami')).structured).toMatchObject({
      role: 'member',
      scopes: ['projects:read'],
    });

    await page.getByRole('link', { name: 'back to my tokens' }).focus();
    await page.keyboard.press('Enter');
    await row(page, 'Keyboard job').locator('summary').first().focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Make the new one' }).press('Enter');
    await page.getByRole('heading', { name: 'Your new token' }).waitFor();
    const successor = (await page.locator('#token').textContent()) ?? '';
    expect((await callTool(stack, successor, 'whoami')).status).toBe(200);

    await page.goto(`${stack.publicUrl}/tokens`);
    const newest = row(page, 'Keyboard job').first();
    await newest.locator('summary').last().focus();
    await page.keyboard.press('Enter');
    await newest.getByRole('button', { name: 'Revoke Keyboard job' }).press('Enter');
    await page.getByText('Its next request is refused').waitFor();
    expect(complaints).toEqual([]);
  });

  test('the navigation leads each to what is of use to them', async () => {
    const shown = async (account: Account) => {
      const { page } = await openProfile(browser);
      await signIn(page, account);
      return page.getByRole('navigation').getByRole('link').allTextContents();
    };
    expect(await shown(olga)).toEqual([
      'Account',
      'Projects',
      'Agents',
      'Tokens',
      'Requests',
      'Members',
      'Invitations',
      'Audit',
      'Teams',
    ]);
    expect(await shown(bob)).toEqual(['Account', 'Projects', 'Agents', 'Tokens', 'Requests', 'Members']);
  });
});

describe('each page is usable by everybody, in light and dark, on a phone too', () => {
  const open = (path: string) => async (page: Page) => {
    await openAs(page, stack, olga, path);
  };
  const pages: [string, (page: Page) => Promise<unknown>][] = [
    ['members', open('/members')],
    [
      'members-asked-once-more',
      async (page) => {
        await open('/members')(page);
        await row(page, 'Bob').locator('summary').click();
      },
    ],
    [
      'members-problem',
      async (page) => {
        const alone = await settleAccount(stack, { name: 'Alone', role: 'owner' });
        await signIn(page, alone);
        await page.goto(`${stack.publicUrl}/members`);
        await page.getByText('Leave', { exact: true }).click();
        await page.getByRole('button', { name: 'Leave' }).click();
        await page.getByRole('alert').waitFor();
      },
    ],
    [
      'members-as-member',
      async (page) => {
        await signIn(page, bob);
        await page.goto(`${stack.publicUrl}/members`);
      },
    ],
    [
      'sign-ins',
      async (page) => {
        await open('/members')(page);
        await page.getByRole('link', { name: 'Sign-ins of Bob' }).click();
      },
    ],
    ['tokens', open('/tokens')],
    ['tokens-ended-too', open('/tokens?ended=yes')],
    [
      'tokens-problem',
      async (page) => {
        await open('/tokens')(page);
        await page.getByLabel('Name', { exact: true }).fill('Job');
        await page.getByRole('button', { name: 'Make the token' }).click();
        await page.getByRole('alert').waitFor();
      },
    ],
    [
      'new-token',
      async (page) => {
        await open('/tokens')(page);
        await page.getByLabel('Name', { exact: true }).fill('Job');
        await page.getByLabel('Run models').check();
        await page.getByRole('button', { name: 'Make the token' }).click();
        await page.getByRole('heading', { name: 'Your new token' }).waitFor();
      },
    ],
    ['requests', open('/requests')],
    ['requests-refused', open('/requests?refused=yes')],
    ['requests-problem', open('/requests?from=yesterday')],
    [
      'requests-none',
      async (page) => {
        await signIn(page, await settleAccount(stack, { name: 'Nora' }));
        await page.goto(`${stack.publicUrl}/requests`);
      },
    ],
    ['agents-used', open('/agents')],
  ];

  test.each(pages)('%s', async (name, visit) => {
    const { page, profile } = await openProfile(browser);
    await visit(page);
    await judgeLooks(page, name);
    await profile.close();
  });
});
