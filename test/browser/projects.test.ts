import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeLooks, openAs, openProfile, startBrowser } from '../support/browser.ts';
import { callTool } from '../support/mcp-call.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
let browser: Browser;
let mia: Account;
let adam: Account;

beforeAll(async () => {
  browser = await startBrowser();
  const olga = await settleAccount(stack, { name: 'Olga' });
  const { tenant } = olga;
  [mia, adam] = await Promise.all([
    settleAccount(stack, { name: 'Mia', tenant, role: 'member' }),
    settleAccount(stack, { name: 'Adam', tenant, role: 'admin' }),
  ]);
  await callTool(stack, mia.token, 'create_project', { name: 'Merger 2027', restricted: true });
  await callTool(stack, mia.token, 'create_project', { name: 'Forecast' });
  await callTool(stack, olga.token, 'create_project', { name: 'Archive of sales' });
});
afterAll(() => browser?.close());

const open = (page: Page, account: Account, path: string) => openAs(page, stack, account, path);

describe('in a real browser', () => {
  test.each([true, false])(
    'the owner of a project restricts it, gives a role and takes it after being asked once more (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const { page, complaints } = await openProfile(browser, { javaScriptEnabled });
      const name = `Plan ${javaScriptEnabled}`;
      await callTool(stack, mia.token, 'create_project', { name });
      await open(page, mia, '/account');
      await page.getByRole('link', { name: 'Projects' }).click();
      await page.getByRole('link', { name }).click();
      expect(await page.getByRole('button', { name: `Restrict ${name}` }).isVisible()).toBe(false);
      await page.getByText('Restrict it', { exact: true }).click();
      await page.getByRole('button', { name: `Restrict ${name}` }).click();
      await page.getByText('It is restricted to those').waitFor();

      await page.getByLabel('Email of a member').fill(adam.email);
      await page.getByRole('button', { name: 'Give the role' }).click();
      await page.getByText('The role holds').waitFor();
      const row = page.getByRole('row').filter({ hasText: adam.email });
      expect(await row.getByLabel('Role of Adam', { exact: true }).inputValue()).toBe('editor');
      await row.locator('summary').click();
      await row.getByRole('button', { name: 'Remove Adam' }).click();
      await page.getByText('The role is taken').waitFor();
      expect(await row.count()).toBe(0);
      expect(complaints).toEqual([]);
    },
  );
});

/** As long as a name may nearly be, and nowhere a blank. */
const LONG_NAME = 'Umsatzsteuervoranmeldung'.repeat(10);

describe('each page is usable by everybody, in light and dark, on a phone too', () => {
  const merger = (page: Page) => page.getByRole('link', { name: 'Merger 2027' }).click();
  const pages: [string, (page: Page) => Promise<unknown>][] = [
    ['projects', (page) => open(page, mia, '/projects')],
    ['projects-as-admin', (page) => open(page, adam, '/projects')],
    ['projects-none', async (page) => open(page, await settleAccount(stack, { name: 'Nora' }), '/projects')],
    ['project', (page) => open(page, mia, '/projects').then(() => merger(page))],
    ['project-as-admin', (page) => open(page, adam, '/projects').then(() => merger(page))],
    [
      'project-problem',
      async (page) => {
        await open(page, mia, '/projects');
        await merger(page);
        await page.getByLabel('Email of a member').fill('nobody@example.org');
        await page.getByRole('button', { name: 'Give the role' }).click();
        await page.getByRole('alert').waitFor();
      },
    ],
    [
      'project-asked-once-more',
      async (page) => {
        await open(page, mia, '/projects');
        await merger(page);
        await page.getByText('Open it', { exact: true }).click();
      },
    ],
    [
      'project-with-a-long-name',
      async (page) => {
        await callTool(stack, mia.token, 'create_project', { name: LONG_NAME });
        await open(page, mia, '/projects');
        await judgeLooks(page, 'projects-with-a-long-name');
        await page.getByRole('link', { name: LONG_NAME }).click();
        await page.getByText('Restrict it', { exact: true }).click();
      },
    ],
  ];

  test.each(pages)('%s', async (name, visit) => {
    const { page, profile } = await openProfile(browser);
    await visit(page);
    await judgeLooks(page, name);
    await profile.close();
  });
});
