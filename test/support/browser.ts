import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core';
import { expect } from 'vitest';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import type { TestStack } from './stack.ts';
import { type Account, newAddress, PASSWORD } from './visitor.ts';

/** Debian's; `./causeway test` installs it where it is missing. */
const CHROMIUM = '/usr/bin/chromium';
/** Kept for a human eye; the next run writes them anew. */
const SCREENSHOTS_DIR = join(ROOT_DIR, '.causeway/screenshots');

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    // As root there is no sandbox for Chromium; it opens pages of the tests' own alone.
    args: ['--no-sandbox', '--disable-dev-shm-usage'],
  });
}

/** A profile of its own, behind an address of its own, whose pages report what the browser complained about. */
export async function openProfile(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<{ readonly profile: BrowserContext; readonly page: Page; readonly complaints: string[] }> {
  const profile = await browser.newContext({
    ...options,
    extraHTTPHeaders: { 'cf-connecting-ip': newAddress() },
  });
  const page = await profile.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return { profile, page, complaints };
}

/** Who signs in: the same object each time. */
type Person = Pick<Account, 'email'>;
const cookies = new WeakMap<Person, Awaited<ReturnType<BrowserContext['cookies']>>>();

/** Signs in by the form, and from the second time on by the cookie that it gave. */
export async function signInAs(page: Page, { publicUrl }: TestStack, account: Person): Promise<void> {
  const known = cookies.get(account);
  if (known !== undefined) {
    await page.context().addCookies(known);
    await page.goto(`${publicUrl}/account`);
    return;
  }
  await page.goto(`${publicUrl}/login`);
  await page.getByLabel('Email').fill(account.email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/account');
  cookies.set(account, await page.context().cookies());
}

/** Opens a page of the deployment as somebody. */
export async function openAs(page: Page, stack: TestStack, account: Person, path: string): Promise<void> {
  await signInAs(page, stack, account);
  await page.goto(`${stack.publicUrl}${path}`);
}

/** Saves what the page looks like as `NAME.png`. */
export async function photograph(page: Page, name: string): Promise<void> {
  mkdirSync(SCREENSHOTS_DIR, { recursive: true });
  await page.screenshot({ path: join(SCREENSHOTS_DIR, `${name}.png`), fullPage: true });
}

/** Violations that axe finds on the page, as "rule: elements"; of minor ones none. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() =>
    (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run({ resultTypes: ['violations'] }),
  );
  return violations
    .filter(({ impact }) => impact !== 'minor')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`);
}

const LOOKS = [
  ['light', 'light', 1100],
  ['dark', 'dark', 1100],
  ['dark-phone', 'dark', 390],
] as const;

/** Photographs the page light, dark and on a phone; what axe objects to, or runs over the edge, fails the test. */
export async function judgeLooks(page: Page, name: string): Promise<void> {
  for (const [look, colorScheme, width] of LOOKS) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 900 });
    await photograph(page, `${name}-${look}`);
    expect(await findBarriers(page), look).toEqual([]);
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow, look).toBe(0);
  }
}
