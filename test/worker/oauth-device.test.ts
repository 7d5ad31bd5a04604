import { beforeAll, describe, expect, test } from 'vitest';
import { callTool } from '../support/mcp-call.ts';
import { exchange, postForm, type RegisteredClient, registerClient, signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, newAddress, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

interface Device {
  readonly device_code: string;
  readonly user_code: string;
  readonly verification_uri_complete: string;
  readonly interval: number;
}

let ann: Account;
let browser: Visitor;
let client: RegisteredClient;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  browser = await signedIn(stack, ann);
  client = await registerClient(stack, {
    client_name: 'Television',
    redirect_uris: [],
    grant_types: [GRANT, 'refresh_token'],
  });
});

async function start(): Promise<Device> {
  const fields = { client_id: client.client_id, scope: 'projects:read' };
  const response = await postForm(stack, '/oauth/device', fields, { 'cf-connecting-ip': newAddress() });
  expect(response.status).toBe(200);
  return (await response.json()) as Device;
}
const poll = (device: Device, clientId = client.client_id) =>
  exchange(stack, { grant_type: GRANT, client_id: clientId, device_code: device.device_code });
const decide = (visitor: Visitor, device: Device, decision: string) =>
  visitor.submit(`/device?user_code=${device.user_code}`, '/device', { decision });
/** The device has waited as long as it should. */
const wait = () =>
  queryAs(
    stack.superuserUrl,
    "update app.oauth_devices set polled_at = polled_at - interval '70 seconds' where client_id = $1",
    [client.client_id],
  );

describe('a device that cannot be called back', () => {
  test('waits, is let in by the code that it shows, and works', async () => {
    const device = await start();
    expect(device.user_code).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect((await poll(device)).body.error).toBe('authorization_pending');
    const page = await (await browser.get(`/device?user_code=${device.user_code.toLowerCase()}`)).text();
    expect(page).toContain('Television');
    expect(page).toContain(device.user_code);
    expect(page).toContain('Read projects, files and history');
    expect((await decide(browser, device, 'allow')).status).toBe(200);
    await wait();
    const { status, body } = await poll(device);
    expect(status).toBe(200);
    expect(body.refresh_token).toMatch(/^crt_/);
    expect((await callTool(stack, body.access_token, 'list_projects')).error).toBeNull();
    await wait();
    expect((await poll(device)).body.error).toBe('invalid_grant');
  });

  test('that polls too fast is told to slow down', async () => {
    const device = await start();
    expect((await poll(device)).body.error).toBe('authorization_pending');
    expect((await poll(device)).body.error).toBe('slow_down');
  });

  test('is told when the person declines, and when its time is over', async () => {
    const declined = await start();
    await decide(browser, declined, 'deny');
    expect((await poll(declined)).body.error).toBe('access_denied');
    const late = await start();
    await queryAs(
      stack.superuserUrl,
      'update app.oauth_devices set expires_at = now() where client_id = $1 and redeemed_at is null',
      [client.client_id],
    );
    expect((await poll(late)).body.error).toBe('expired_token');
    expect((await browser.get(`/device?user_code=${late.user_code}`)).status).toBe(422);
  });

  test('has one person alone: a second decision finds nothing that waits, and leaves no grant', async () => {
    const device = await start();
    const path = `/device?user_code=${device.user_code}`;
    const mallory = await settleAccount(stack, { name: 'Mallory' });
    const hers = await signedIn(stack, mallory);
    const herPage = await (await hers.get(path)).text();
    await decide(browser, device, 'allow');
    const response = await hers.post('/device', { ...hiddenFields(herPage, '/device'), decision: 'allow' });
    expect(response.status).toBe(404);
    const grants = await queryAs(stack.superuserUrl, 'select 1 from app.oauth_grants where user_id = $1', [
      mallory.user,
    ]);
    expect(grants).toEqual([]);
  });

  test("'s code is nothing for another client", async () => {
    const device = await start();
    await decide(browser, device, 'allow');
    const mallory = await registerClient(stack, { redirect_uris: [], grant_types: [GRANT] });
    expect((await poll(device, mallory.client_id)).body.error).toBe('invalid_grant');
    expect((await poll(device)).status).toBe(200);
  });

  test('is not let in by a page of another site, or without the form token', async () => {
    const device = await start();
    const page = await (await browser.get(`/device?user_code=${device.user_code}`)).text();
    const fields = { ...hiddenFields(page, '/device'), decision: 'allow' };
    expect((await browser.post('/device', fields, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await browser.post('/device', { ...fields, csrf: 'x' })).status).toBe(403);
    expect((await poll(device)).body.error).toBe('authorization_pending');
  });
});

test('guessing codes is stopped by the address', async () => {
  const guesser = new Visitor(stack);
  await guesser.signIn(ann.email);
  const statuses: number[] = [];
  for (let index = 0; index < 15; index++)
    statuses.push((await guesser.get('/device?user_code=BCDF-GHJK')).status);
  expect(statuses[0]).toBe(422);
  expect(statuses.at(-1)).toBe(429);
});
