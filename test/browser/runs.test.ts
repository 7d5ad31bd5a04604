import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeLooks, openAs, openProfile, startBrowser } from '../support/browser.ts';
import { callTool } from '../support/mcp-call.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const MODEL = `import causeway
import matplotlib.pyplot as plt
import pandas as pd

df = causeway.data("salaries")
by_team = df.groupby("team").salary.mean().reset_index()
by_team.to_csv("/outputs/by_team.csv", index=False)
plt.bar(by_team.team, by_team.salary)
plt.savefig("/outputs/by_team.png", dpi=60)
print("highest:", by_team.salary.max())
`;
const TEXT = `team,salary\n${['Sales,51000', 'Sales,54000', 'Research,72500', 'Research,69000'].join('\n')}\n`;

let browser: Browser;
let paula: Account;
let project: string;
const runs: Record<string, string> = {};

beforeAll(async () => {
  browser = await startBrowser();
  paula = await settleAccount(stack, { name: 'Paula' });
  const call = async (name: string, args: Record<string, unknown>) =>
    (await callTool<Record<string, string>>(stack, paula.token, name, args)).structured;
  project = (await call('create_project', { name: 'Pay 2027' })).project ?? '';
  await call('import_data', { project, name: 'salaries', format: 'csv', text: TEXT });
  await call('write_files', {
    ...{ project, message: 'Add the model', files: [{ path: 'models/pay.py', content: MODEL }] },
  });
  runs.well = (await call('run_model', { project, path: 'models/pay.py' })).run ?? '';
  runs.badly =
    (await call('run_code', { project, code: 'print("so far")\nraise ValueError("no such team")' })).run ??
    '';
});
afterAll(() => browser?.close());

const open = (page: Page, path: string) => openAs(page, stack, paula, path);

const pathOf = (run: string | undefined) => `/runs/${paula.tenant}/${run}`;

describe('in a real browser', () => {
  test('Paula finds a run, sees its table, chart and print, and says that agents see the schema only', async () => {
    const { page, profile, complaints } = await openProfile(browser);
    await open(page, `/projects/${paula.tenant}/${project}`);
    await page.getByRole('link', { name: 'models/pay.py' }).click();
    await page.getByText('highest: 70750.0').waitFor();
    expect(await page.getByRole('cell', { name: '52500.0' }).count()).toBe(1);
    const chart = page.getByRole('img', { name: 'by_team.png' });
    expect(
      await chart.evaluate((image) => (image as { naturalWidth?: number }).naturalWidth ?? 0),
    ).toBeGreaterThan(100);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('link', { name: 'by_team.csv' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('by_team.csv');

    await page.getByRole('link', { name: 'Pay 2027' }).click();
    expect(await page.getByText('people only').count()).toBe(0);
    await page.getByText('Show the schema only', { exact: true }).click();
    await page.getByRole('button', { name: 'Show agents the schema of salaries' }).click();
    await page.getByText('That is what agents see').waitFor();
    expect(await page.getByText('people only').count()).toBe(2);
    const told = await callTool<{ stdout: { text: string } }>(stack, paula.token, 'get_run', {
      run: runs.well,
    });
    expect(told.structured.stdout.text).toBe('');
    expect(complaints).toEqual([]);
    await profile.close();
  });
});

describe('each page is usable by everybody, in light and dark, on a phone too', () => {
  const pages: [string, () => string][] = [
    ['run', () => pathOf(runs.well)],
    ['run-failed', () => pathOf(runs.badly)],
    ['project-inside', () => `/projects/${paula.tenant}/${project}`],
  ];
  test.each(pages)('%s', async (name, path) => {
    const { page, profile } = await openProfile(browser);
    await open(page, path());
    await judgeLooks(page, name);
    await profile.close();
  });
});
