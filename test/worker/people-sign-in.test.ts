import { beforeAll, describe, expect, test } from 'vitest';
import { costsOfHash } from '../../worker/people/password-costs.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, newAddress, PASSWORD, settleAccount, Visitor } from '../support/visitor.ts';

const stack = sharedStack();
let ann: Account;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
});

/** Everything of an answer that could tell one case from another, without what differs by chance. */
async function shapeOf(response: Response): Promise<unknown> {
  const body = (await response.text())
    .replace(/value="[^"]*"/g, 'value')
    .replace(/\d+ (seconds|minutes)/g, 'a while');
  const names = [...response.headers.keys()].filter(
    (name) => !['set-cookie', 'content-length', 'date'].includes(name),
  );
  return { status: response.status, names: names.sort(), body };
}

describe('a person signs in', () => {
  test('with email and password, gets a session, and sees who they are', async () => {
    const browser = new Visitor(stack);
    const signedIn = await browser.signIn(ann.email);
    expect(signedIn.status).toBe(303);
    expect(signedIn.headers.get('location')).toBe('/account');
    const account = await browser.get('/account');
    expect(account.status).toBe(200);
    expect(account.headers.get('cache-control')).toBe('no-store');
    expect(await account.text()).toContain(ann.email);
  });

  test('whatever the letter case of the email and the composition of the password', async () => {
    expect((await new Visitor(stack).signIn(ann.email.toUpperCase(), PASSWORD)).status).toBe(303);
    expect((await new Visitor(stack).signIn(ann.email, 'ｓeven green harbours')).status).toBe(303);
  });

  test('and only SHA-256 of the cookie is in the database', async () => {
    const browser = new Visitor(stack);
    await browser.signIn(ann.email);
    const cookie = browser.cookies.get('causeway') ?? '';
    expect(cookie).toMatch(/^[A-Za-z0-9_-]{43}$/);
    const rows = await queryAs(
      stack.superuserUrl,
      'select s::text as row from app.sessions as s where s.user_id = $1',
      [ann.user],
    );
    expect(rows.length).toBeGreaterThan(0);
    expect(JSON.stringify(rows)).not.toContain(cookie);
  });

  test('with HttpOnly, SameSite=Lax and the absolute limit on the cookie', async () => {
    const [line = ''] = (await new Visitor(stack).signIn(ann.email)).headers.getSetCookie();
    expect(line).toContain('; HttpOnly; SameSite=Lax');
    expect(line).toContain('Max-Age=604800');
  });

  test('and the session that the browser had before has ended', async () => {
    const browser = new Visitor(stack);
    await browser.signIn(ann.email);
    const before = browser.cookies.get('causeway') ?? '';
    const page = await (await new Visitor(stack, browser.address).get('/login')).text();
    expect(page).toContain('Sign in');
    // The same browser signs in again from a page that it had opened before.
    const again = new Visitor(stack);
    const login = await (await again.get('/login')).text();
    again.cookies.set('causeway', before);
    const csrf = /name="csrf" value="([^"]+)"/.exec(login)?.[1] ?? '';
    const signed = await again.post('/login', { csrf, email: ann.email, password: PASSWORD });
    expect(signed.status).toBe(303);
    browser.cookies.set('causeway', before);
    expect((await browser.get('/account')).status).toBe(303);
  });

  test('whose hash is of other costs than the deployment’s gets a new one', async () => {
    const bob = await settleAccount(stack, { name: 'Bob' });
    const { argon2id } = await import('hash-wasm');
    const cheap = await argon2id({
      password: PASSWORD,
      salt: new Uint8Array(16),
      memorySize: 8192,
      iterations: 1,
      parallelism: 1,
      hashLength: 32,
      outputType: 'encoded',
    });
    await queryAs(stack.superuserUrl, 'update app.passwords set argon2id_hash = $1 where user_id = $2', [
      cheap,
      bob.user,
    ]);
    expect((await new Visitor(stack).signIn(bob.email)).status).toBe(303);
    const [row] = await queryAs(
      stack.superuserUrl,
      'select argon2id_hash from app.passwords where user_id = $1',
      [bob.user],
    );
    expect(costsOfHash(row?.argon2id_hash as string)).toBe('m=19456,t=2,p=1');
    expect((await new Visitor(stack).signIn(bob.email)).status).toBe(303);
  });
});

describe('Mallory learns nothing of who has an account', () => {
  test('a wrong password, an email of nobody, a person without a password and a disabled one are answered alike', async () => {
    const disabled = await settleAccount(stack, { name: 'Disabled' });
    await queryAs(stack.superuserUrl, "update app.users set status = 'disabled' where user_id = $1", [
      disabled.user,
    ]);
    const without = await settleAccount(stack, { name: 'Without' });
    await queryAs(stack.superuserUrl, 'delete from app.passwords where user_id = $1', [without.user]);
    const cases = [
      [ann.email, 'wrong green harbours'],
      ['nobody@nowhere.example', PASSWORD],
      [disabled.email, PASSWORD],
      [without.email, PASSWORD],
      [without.email, ''],
    ] as const;
    const shapes: unknown[] = [];
    for (const [email, password] of cases) {
      shapes.push(await shapeOf(await new Visitor(stack).signIn(email, password)));
    }
    expect(shapes[0]).toMatchObject({ status: 422 });
    for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  });

  test('an email of nobody is locked out after as many failures, with the same answer', async () => {
    const carl = await settleAccount(stack, { name: 'Carl' });
    const shapesOf = async (email: string) => {
      const shapes: unknown[] = [];
      for (let attempt = 0; attempt < 7; attempt++) {
        shapes.push(await shapeOf(await new Visitor(stack).signIn(email, 'wrong green harbours')));
      }
      return shapes;
    };
    const known = await shapesOf(carl.email);
    expect(known.map((shape) => (shape as { status: number }).status)).toEqual([
      422, 422, 422, 422, 422, 429, 429,
    ]);
    expect(await shapesOf('nobody-at-all@nowhere.example')).toEqual(known);
  });

  test('what was typed into the email field is not kept when nobody has it', async () => {
    await new Visitor(stack).signIn('my-secret-password@typed.example', 'wrong green harbours');
    const rows = await queryAs(
      stack.superuserUrl,
      'select e::text from app.authentication_events as e union all select f::text from app.login_failures as f',
    );
    expect(JSON.stringify(rows)).not.toContain('my-secret-password');
  });
});

describe('each attempt is recorded', () => {
  test('with address, user agent, method and outcome; the address is the edge’s, whatever X-Forwarded-For says', async () => {
    const dora = await settleAccount(stack, { name: 'Dora' });
    const address = newAddress();
    const browser = new Visitor(stack, address);
    const page = await (await browser.get('/login')).text();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
    const forged = {
      'x-forwarded-for': '203.0.113.99',
      'x-real-ip': '203.0.113.99',
      forwarded: 'for=203.0.113.99',
    };
    await browser.post('/login', { csrf, email: dora.email, password: 'wrong green harbours' }, forged);
    await browser.post('/login', { csrf, email: dora.email, password: PASSWORD }, forged);
    const events = await queryAs(
      stack.superuserUrl,
      'select method, outcome, host(address) as address, user_agent from app.authentication_events where user_id = $1 order by occurred_at',
      [dora.user],
    );
    expect(events).toEqual([
      { method: 'password', outcome: 'wrong', address, user_agent: 'Visitor/1.0' },
      { method: 'password', outcome: 'ok', address, user_agent: 'Visitor/1.0' },
    ]);
    const account = await (await browser.get('/account')).text();
    expect(account).toContain('wrong password');
    expect(account).not.toContain('203.0.113.99');
  });
});
