import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeLooks, openAs, openProfile, startBrowser } from '../support/browser.ts';
import { callTool } from '../support/mcp-call.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
let browser: Browser;
let olga: Account;

/** An owner whose team has used some tools, and was refused one. */
beforeAll(async () => {
  browser = await startBrowser();
  olga = await settleAccount(stack, { name: 'Olga', role: 'owner' });
  await callTool(stack, olga.token, 'create_project', { name: 'budget' });
  await callTool(stack, olga.token, 'whoami', {});
  await callTool(stack, olga.token, 'list_files', { project: 'no such' }).catch(() => {});
});
afterAll(() => browser?.close());

const open = (page: Page, account: Account, path: string) => openAs(page, stack, account, path);

test.each([true, false])(
  'an owner has the log sent elsewhere, sees its secret once, and ends it after being asked (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const { page, profile, complaints } = await openProfile(browser, { javaScriptEnabled });
    const owner = await settleAccount(stack, { name: 'Sina', role: 'owner' });
    await open(page, owner, '/audit');
    await page.getByRole('link', { name: 'Send it elsewhere' }).click();
    await page.getByText('Send it elsewhere too').click();
    await page.getByLabel('Address', { exact: true }).fill('https://siem.example.org/causeway');
    await page.getByRole('button', { name: 'Send it there' }).click();
    await page.locator('#secret').waitFor();
    await page.goto(`${stack.publicUrl}/audit/sinks`);
    await page.getByText('siem.example.org').first().waitFor();
    expect(await page.locator('#secret').count()).toBe(0);
    await page.getByRole('row').filter({ hasText: 'siem.example.org' }).locator('summary').click();
    await page.getByRole('button', { name: 'End it' }).click();
    await page.goto(`${stack.publicUrl}/audit/sinks`);
    expect(await page.getByText('siem.example.org').count()).toBe(0);
    expect(complaints).toEqual([]);
    await profile.close();
  },
);

describe('each page is usable by everybody, in light and dark, on a phone too', () => {
  const pages: [string, (page: Page) => Promise<unknown>][] = [
    ['audit', (page) => open(page, olga, '/audit')],
    ['audit-sinks', (page) => open(page, olga, '/audit/sinks')],
    [
      'audit-new-sink',
      async (page) => {
        await open(page, olga, '/audit/sinks');
        await page.getByText('Send it elsewhere too').click();
      },
    ],
    ['teams', (page) => open(page, olga, '/teams')],
    [
      'teams-asked-once-more',
      async (page) => {
        await open(page, olga, '/teams');
        for (const summary of await page.locator('summary').all()) await summary.click();
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
