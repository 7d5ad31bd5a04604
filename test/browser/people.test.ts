import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { drawLink } from '../../cli/identity/draw-link.ts';
import { newId } from '../../protocol/ids.ts';
import { findBarriers, openProfile, photograph, startBrowser } from '../support/browser.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, PASSWORD, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
let browser: Browser;
let ann: Account;
beforeAll(async () => {
  [browser, ann] = await Promise.all([startBrowser(), settleAccount(stack, { name: 'Ann' })]);
});
afterAll(() => browser?.close());

async function signIn(page: Page, account: Account = ann): Promise<void> {
  await page.goto(`${stack.publicUrl}/login`);
  await page.getByLabel('Email').fill(account.email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL('**/account');
}

async function recoveryLink(account: Account): Promise<string> {
  const { secret, sha256 } = drawLink();
  await asOperator(stack.ownerUrl, (operator) =>
    operator.createRecovery({ email: account.email, linkSha256: sha256, lifetimeSeconds: 600 }),
  );
  return `${stack.publicUrl}/recovery/${secret}`;
}

async function ownerLink(): Promise<string> {
  const { secret, sha256 } = drawLink();
  await asOperator(stack.ownerUrl, (operator) =>
    operator.inviteOwner({
      tenant: newId('tenant'),
      tenantName: 'Research',
      invitation: newId('invitation'),
      email: `nora-${secret.slice(0, 6).toLowerCase()}@research.example`,
      linkSha256: sha256,
      lifetimeSeconds: 600,
    }),
  );
  return `${stack.publicUrl}/invitations/${secret}`;
}

describe('in a real browser', () => {
  test('a new owner opens their link, chooses a password, invites somebody, signs out and in again, by keyboard alone', async () => {
    const { page, complaints } = await openProfile(browser);
    await page.goto(await ownerLink());
    await page.getByLabel('Your name').focus();
    await page.keyboard.type('Nora New');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/account');
    const email = await page.locator('main p .dim').first().textContent();

    await page.getByRole('link', { name: 'Invitations' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/invitations');
    await page.getByLabel('Email').focus();
    await page.keyboard.type('guest@research.example');
    await page.keyboard.press('Enter');
    await page.getByRole('cell', { name: /^guest@research\.example/ }).waitFor();
    expect(await page.getByRole('status').textContent()).toContain('The link is made');
    await page.getByRole('button', { name: 'Copy the link of guest@research.example' }).press('Enter');
    await page.getByText(/^(Copied|Press Ctrl\+C)$/).waitFor();
    await photograph(page, 'invitations');

    await page.getByRole('button', { name: 'Sign out' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL('**/login');
    await page.getByLabel('Email').focus();
    await page.keyboard.type(email ?? '');
    await page.keyboard.press('Tab');
    await page.keyboard.type(PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/account');
    expect(complaints).toEqual([]);
  });

  test('everything works without JavaScript', async () => {
    const { page } = await openProfile(browser, { javaScriptEnabled: false });
    await signIn(page);
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL('**/login');
    await page.goto(`${stack.publicUrl}/account`);
    expect(new URL(page.url()).pathname).toBe('/login');
  });
});

describe('each page is usable by everybody, in light and dark, on a phone too', () => {
  const pages: [string, (page: Page) => Promise<unknown>][] = [
    ['login', (page) => page.goto(`${stack.publicUrl}/login`)],
    [
      'login-refused',
      async (page) => {
        await page.goto(`${stack.publicUrl}/login`);
        await page.getByLabel('Email').fill('nobody@nowhere.example');
        await page.getByLabel('Password').fill('wrong green harbours');
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.getByRole('alert').waitFor();
      },
    ],
    ['account', (page) => signIn(page)],
    [
      'no-invitations',
      async (page) => {
        await signIn(page);
        await page.goto(`${stack.publicUrl}/invitations`);
      },
    ],
    ['invitation', async (page) => page.goto(await ownerLink())],
    ['recovery', async (page) => page.goto(await recoveryLink(await settleAccount(stack, { name: 'Rita' })))],
    [
      'notices',
      async (page) => {
        const otto = await settleAccount(stack, { name: 'Otto', role: 'owner' });
        await recoveryLink(otto);
        await page.goto(`${stack.publicUrl}/login`);
        await page.getByLabel('Email').fill(otto.email);
        await page.getByLabel('Password').fill(PASSWORD);
        await page.getByRole('button', { name: 'Sign in' }).click();
        await page.waitForURL('**/notices?**');
      },
    ],
    ['not-there', (page) => page.goto(`${stack.publicUrl}/invitations/${'x'.repeat(43)}`)],
  ];
  const looks = [
    ['light', { colorScheme: 'light', viewport: { width: 1100, height: 800 } }],
    ['dark-phone', { colorScheme: 'dark', viewport: { width: 390, height: 800 } }],
  ] as const;

  test.each(
    pages.flatMap(([name, open]) => looks.map(([look, options]) => [name, look, open, options] as const)),
  )('%s, %s', async (name, look, open, options) => {
    const { page, profile } = await openProfile(browser, options);
    await open(page);
    await photograph(page, `${name}-${look}`);
    expect(await findBarriers(page)).toEqual([]);
    const overflow = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
    expect(overflow).toBe(0);
    await profile.close();
  });
});

describe('Mallory’s web site', () => {
  let site: Server;
  let page = '';
  let url: string;
  beforeAll(async () => {
    site = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(page);
    });
    await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    // Another site than the stack's 127.0.0.1, for browsers compare names.
    url = `http://localhost:${(site.address() as AddressInfo).port}/`;
  });
  afterAll(() => site.close());

  test('cannot sign Ann out with a form that it sends', async () => {
    const { page: tab } = await openProfile(browser);
    await signIn(tab);
    page = `<form method="post" action="${stack.publicUrl}/logout"><button>Win a prize</button></form>`;
    await tab.goto(url);
    const [answer] = await Promise.all([
      tab.waitForResponse('**/logout'),
      tab.getByRole('button', { name: 'Win a prize' }).click(),
    ]);
    expect(answer.status()).toBe(403);
    await tab.goto(`${stack.publicUrl}/account`);
    expect(new URL(tab.url()).pathname).toBe('/account');
  });

  test('cannot sign Ann in as Mallory', async () => {
    const mallory = await settleAccount(stack, { name: 'Mallory' });
    const { page: tab, profile } = await openProfile(browser);
    page = `<form method="post" action="${stack.publicUrl}/login"><input name="email" value="${mallory.email}"><input name="password" value="${PASSWORD}"><button>Win a prize</button></form>`;
    await tab.goto(url);
    const [answer] = await Promise.all([
      tab.waitForResponse('**/login'),
      tab.getByRole('button', { name: 'Win a prize' }).click(),
    ]);
    expect(answer.status()).toBe(403);
    expect((await profile.cookies()).map(({ name }) => name)).not.toContain('causeway');
  });

  test('cannot show the account in a frame', async () => {
    const { page: tab } = await openProfile(browser);
    await signIn(tab);
    page = `<iframe src="${stack.publicUrl}/account" width="800" height="600"></iframe>`;
    await tab.goto(url, { waitUntil: 'load' });
    const framed = tab.frames().find((frame) => frame !== tab.mainFrame());
    await expect.poll(() => framed?.url()).toMatch(/^chrome-error:/);
    expect(await framed?.content()).not.toContain(ann.email);
  });

  test('and a script that got into a page would not run', async () => {
    const { page: tab, complaints } = await openProfile(browser);
    await tab.goto(`${stack.publicUrl}/login`);
    await tab.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'window.stolen = document.body.innerHTML';
      document.body.append(script);
      document.body.insertAdjacentHTML('beforeend', '<img src="x:" onerror="window.stolen = 1">');
    `);
    expect(await tab.evaluate<boolean>("'stolen' in window")).toBe(false);
    expect(complaints.join(' ')).toContain('Content Security Policy');
  });
});
