import { beforeAll, describe, expect, test } from 'vitest';
import { ROUTES } from '../../worker/http/routes.ts';
import { importSealKey, seal } from '../../worker/seal/seal.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, hiddenFields, PASSWORD, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
let ann: Account;
let browser: Visitor;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  browser = new Visitor(stack);
  await browser.signIn(ann.email);
});

const FORMS = ROUTES.filter(
  ({ method, credential, path }) =>
    method === 'POST' && (credential === 'session' || credential === 'link' || path === '/login'),
).map(({ path }) => path.replace(/:[a-z]+/g, 'x'.repeat(43)));

describe('a form that a page of Mallory’s sends is refused, whichever it is', () => {
  test.each(FORMS)('%s by its origin', async (path) => {
    const { csrf = '' } = hiddenFields(await (await browser.get('/account')).text(), '/logout');
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { origin: stack.publicUrl, 'sec-fetch-site': 'same-site' },
      { origin: stack.publicUrl, 'sec-fetch-site': 'none' },
    ]) {
      expect((await browser.post(path, { csrf }, headers)).status).toBe(403);
    }
  });

  test.each(FORMS)('%s without its token, or with another’s', async (path) => {
    const mallory = new Visitor(stack);
    const page = await (await mallory.get('/login')).text();
    const mallorys = hiddenFields(page, '/login').csrf ?? '';
    for (const fields of [{}, { csrf: '' }, { csrf: mallorys }, { csrf: 'x'.repeat(43) }]) {
      expect((await browser.post(path, fields as Record<string, string>)).status).toBe(403);
    }
  });
});

const PAGES = ROUTES.filter(({ method, credential }) => method === 'GET' && credential === 'session').flatMap(
  ({ path }) => [
    `${path.replace(/:[a-z]+/g, 'x')}?after=%00`,
    ...(path.includes(':')
      ? [path.replace(/:[a-z]+$|:[a-z]+(?=\/[a-z-]+$)/, 'a%00').replace(/:[a-z]+/g, 'x')]
      : []),
  ],
);

describe('a NUL character in an address is refused, not a fault inside', () => {
  test.each([...PAGES, '/requests?person=%00', '/requests?credential=a%00b', '/no-such-page/%00'])(
    '%s',
    async (path) => {
      const answer = await browser.get(path);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toContain('The address holds a NUL character');
    },
  );
});

describe('signing in', () => {
  test('cannot be forged: a token belongs to the browser that opened the page', async () => {
    const mallory = new Visitor(stack);
    const { csrf = '' } = hiddenFields(await (await mallory.get('/login')).text(), '/login');
    const victim = new Visitor(stack);
    await victim.get('/login');
    const forged = await victim.post('/login', { csrf, email: ann.email, password: PASSWORD });
    expect(forged.status).toBe(403);
    expect(victim.cookies.has('causeway')).toBe(false);
  });

  test.each([
    ['a raw address', 'https://evil.example/'],
    ['a raw path', '/device'],
    ['two slashes', '//evil.example'],
    ['a sealed one of Mallory’s key', 'mallory'],
    ['one that was sealed to pass for something else', 'cursor'],
  ])('follows no %s', async (_what, address) => {
    const keys: Record<string, string> = {
      mallory: 'B'.repeat(42).concat('A'),
      cursor: stack.secrets.sealKey,
    };
    const key = keys[address];
    const returnTo =
      key === undefined
        ? address
        : await seal(
            await importSealKey(key),
            address === 'cursor' ? 'cursor' : 'return',
            { path: '/device' },
            60_000,
          );
    const visitor = new Visitor(stack);
    const answer = await visitor.signIn(ann.email, PASSWORD, encodeURIComponent(returnTo));
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/account');
    // Nor does the page, for who is signed in already.
    const already = await visitor.get(`/login?return_to=${encodeURIComponent(returnTo)}`);
    expect(already.headers.get('location')).toBe('/account');
  });

  test('leads back to the page that asked for it', async () => {
    const visitor = new Visitor(stack);
    const asked = await visitor.get('/invitations');
    const login = asked.headers.get('location') ?? '';
    expect(login).toMatch(/^\/login\?return_to=/);
    const { csrf = '', return_to = '' } = hiddenFields(await (await visitor.get(login)).text(), '/login');
    const answer = await visitor.post('/login', { csrf, return_to, email: ann.email, password: PASSWORD });
    expect(answer.headers.get('location')).toBe('/invitations');
  });
});

describe('every page', () => {
  test.each([
    '/login',
    '/account',
    '/agents',
    '/tokens',
    '/requests',
    '/members',
    '/invitations',
    '/invitations/x',
    '/recovery/x',
  ])('%s runs no inline script or style, is not framed and not kept', async (path) => {
    const page = await browser.get(path);
    const csp = page.headers.get('content-security-policy') ?? '';
    expect(csp).toContain("script-src 'self'");
    expect(csp).toContain("frame-ancestors 'none'");
    expect(csp).not.toContain('unsafe');
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('cache-control')).toBe('no-store');
    expect(await page.text()).not.toMatch(/<style|<script(?! src)|\son[a-z]+=|style="|javascript:/);
  });

  test('escapes what people wrote', async () => {
    const hostile = await settleAccount(stack, { name: '<script>alert(1)</script>' });
    const visitor = new Visitor(stack);
    await visitor.signIn(hostile.email);
    const page = await (await visitor.get('/account')).text();
    expect(page).toContain('&lt;script&gt;');
    expect(page).not.toContain('<script>alert');
  });
});

describe('what is no form is refused', () => {
  test.each([
    ['JSON', { body: '{}', type: 'application/json' }, 415],
    [
      'a body of 40 KiB',
      { body: `csrf=${'x'.repeat(40 * 1024)}`, type: 'application/x-www-form-urlencoded' },
      413,
    ],
    ['a field twice', { body: 'email=a&email=b', type: 'application/x-www-form-urlencoded' }, 400],
    [
      'invalid UTF-8',
      { body: new Uint8Array([0xff, 0xfe, 0x3d]), type: 'application/x-www-form-urlencoded' },
      400,
    ],
  ])('%s', async (_what, { body, type }, status) => {
    const answer = await fetch(`${stack.publicUrl}/login`, {
      method: 'POST',
      body,
      headers: { 'content-type': type },
    });
    expect(answer.status).toBe(status);
    expect(await answer.text()).toContain('Reference: <code>req_');
  });
});
