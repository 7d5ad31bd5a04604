import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { judgeLooks, openProfile, startBrowser } from '../support/browser.ts';
import {
  authorizePath,
  connect,
  exchange,
  newPkce,
  postForm,
  type RegisteredClient,
  registerClient,
  signedIn,
} from '../support/oauth.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, newAddress, PASSWORD, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

let browser: Browser;
let ann: Account;
let callback: Server;
let redirect: string;
let client: RegisteredClient;
/** What the program on Ann's computer was sent. */
const received: { url: URL; referrer: string | undefined }[] = [];

beforeAll(async () => {
  callback = createServer((request, response) => {
    if (request.url?.startsWith('/callback'))
      received.push({ url: new URL(request.url, redirect), referrer: request.headers.referer });
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<title>Agent</title><p>You can close this page.</p>');
  });
  await new Promise<void>((resolve) => callback.listen(0, '127.0.0.1', resolve));
  redirect = `http://127.0.0.1:${(callback.address() as AddressInfo).port}/callback`;
  [browser, ann, client] = await Promise.all([
    startBrowser(),
    settleAccount(stack, { name: 'Ann' }),
    registerClient(stack, { client_name: 'Planning agent', redirect_uris: [redirect] }),
  ]);
});
afterAll(async () => {
  await browser?.close();
  callback?.closeAllConnections();
  await new Promise((resolve) => callback.close(resolve));
});

async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(ann.email);
  await page.getByLabel('Password').fill(PASSWORD);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

describe('in a real browser', () => {
  test.each([true, false])(
    'a person who is not signed in follows an agent, signs in, agrees, and the agent has its code (JavaScript: %s)',
    async (javaScriptEnabled) => {
      const { page, complaints } = await openProfile(browser, { javaScriptEnabled });
      const pkce = newPkce();
      await page.goto(`${stack.publicUrl}${authorizePath(client, pkce, { redirect_uri: redirect })}`);
      await signIn(page);
      await page.getByRole('heading', { name: 'Let an agent in?' }).waitFor();
      await page.getByRole('button', { name: 'Allow' }).click();
      await page.waitForURL(`${redirect}?**`);
      const { url, referrer } = received.at(-1) ?? {};
      expect(url?.searchParams.get('iss')).toBe(stack.publicUrl);
      expect(referrer).toBeUndefined();
      const { status } = await exchange(stack, {
        grant_type: 'authorization_code',
        client_id: client.client_id,
        code: url?.searchParams.get('code') ?? '',
        code_verifier: pkce.verifier,
      });
      expect(status).toBe(200);
      expect(complaints).toEqual([]);
    },
  );

  test('declining leads back to the agent as well, by keyboard alone', async () => {
    const { page } = await openProfile(browser);
    await page.goto(`${stack.publicUrl}${authorizePath(client, newPkce(), { redirect_uri: redirect })}`);
    await signIn(page);
    await page.getByRole('button', { name: 'Decline' }).focus();
    await page.keyboard.press('Enter');
    await page.waitForURL(`${redirect}?**`);
    expect(received.at(-1)?.url.searchParams.get('error')).toBe('access_denied');
  });

  test('the pages of agents are usable by everybody, in light and dark, on a phone too', async () => {
    const { page, complaints } = await openProfile(browser, { viewport: { width: 1100, height: 800 } });
    const look = (name: string) => judgeLooks(page, name);
    await page.goto(`${stack.publicUrl}${authorizePath(client, newPkce(), { redirect_uri: redirect })}`);
    await signIn(page);
    await page.getByRole('heading', { name: 'Let an agent in?' }).waitFor();
    await look('consent');

    const device = await registerClient(stack, {
      client_name: 'Wall display',
      redirect_uris: [],
      grant_types: [DEVICE_GRANT],
    });
    const started = await postForm(
      stack,
      '/oauth/device',
      { client_id: device.client_id, scope: 'projects:read' },
      { 'cf-connecting-ip': newAddress() },
    );
    const { user_code } = (await started.json()) as { user_code: string };
    await page.goto(`${stack.publicUrl}/device`);
    await look('device');
    await page.getByLabel('The code on your device').fill(user_code.toLowerCase());
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('Wall display').waitFor();
    await look('device-consent');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.getByText('The device is connected').waitFor();

    await connect(stack, await signedIn(stack, ann));
    await page.getByRole('link', { name: 'Agents' }).click();
    await page.getByRole('heading', { name: 'Connected agents' }).waitFor();
    await look('agents');

    await page.goto(`${stack.publicUrl}/oauth/authorize?client_id=cli_unknown`);
    await look('authorization-error');
    // A page that answers 400 is itself what the browser complains of.
    expect(complaints.filter((text) => !text.includes('status of 400'))).toEqual([]);
  });
});
