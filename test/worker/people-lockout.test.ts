import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { hiddenFields, newAddress, PASSWORD, settleAccount, Visitor } from '../support/visitor.ts';

const WRONG = 'wrong green harbours';

let stack: TestStack;
let stop: () => Promise<void>;
// A Worker of its own: while a flood is held off, whoever signs in at the same Worker is told to come back.
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
});
afterAll(() => stop());

async function failuresOf(email: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let attempt = 0; attempt < count; attempt++)
    statuses.push((await new Visitor(stack).signIn(email, WRONG)).status);
  return statuses;
}

/** Lets the wait of an account pass: the database's clock is the judge, so its row is moved back. */
async function letWaitPass(email: string): Promise<void> {
  await queryAs(
    stack.superuserUrl,
    "update app.login_failures set locked_until = now() - interval '1 second' where subject = 'email:' || encode(sha256($1::text::bytea), 'hex')",
    [email],
  );
}

describe('Mallory guesses at one account', () => {
  test('from a new address each time, and after five failures even the right password must wait; an owner’s account too', async () => {
    const owner = await settleAccount(stack, { name: 'Olga', role: 'owner' });
    expect(await failuresOf(owner.email, 6)).toEqual([422, 422, 422, 422, 422, 429]);
    const right = await new Visitor(stack).signIn(owner.email, PASSWORD);
    expect(right.status).toBe(429);
    expect(Number(right.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(right.headers.get('ratelimit')).toMatch(/^"failed_logins_per_minute";r=0;t=\d+$/);
    expect(Number(right.headers.get('retry-after'))).toBeLessThanOrEqual(30);
  });

  test('and each further failure doubles the wait; a success forgets them all', async () => {
    const paul = await settleAccount(stack, { name: 'Paul' });
    await failuresOf(paul.email, 5);
    const waits: number[] = [];
    for (let round = 0; round < 3; round++) {
      await letWaitPass(paul.email);
      await failuresOf(paul.email, 1);
      waits.push(Number((await new Visitor(stack).signIn(paul.email, WRONG)).headers.get('retry-after')));
    }
    expect(waits.map((seconds) => Math.round(seconds / 30))).toEqual([2, 4, 8]);
    await letWaitPass(paul.email);
    expect((await new Visitor(stack).signIn(paul.email, PASSWORD)).status).toBe(303);
    expect(await failuresOf(paul.email, 4)).toEqual([422, 422, 422, 422]);
  });

  test('with twenty guesses at the same moment, and gets no more than five looked at', async () => {
    const rita = await settleAccount(stack, { name: 'Rita' });
    const statuses = await Promise.all(
      Array.from({ length: 20 }, async () => (await new Visitor(stack).signIn(rita.email, WRONG)).status),
    );
    expect(statuses.filter((status) => status === 422).length).toBeLessThanOrEqual(5);
    const [counted] = await queryAs(
      stack.superuserUrl,
      "select count(*)::int as wrong from app.authentication_events where user_id = $1 and outcome = 'wrong'",
      [rita.user],
    );
    expect(counted?.wrong).toBeLessThanOrEqual(5);
  });
});

describe('Mallory guesses from one address', () => {
  test('at many accounts, and is refused before anything is hashed; a person elsewhere is not', async () => {
    const address = newAddress();
    const statuses: number[] = [];
    for (let index = 0; index < 14; index++)
      statuses.push((await new Visitor(stack, address).signIn(`person${index}@guess.example`, WRONG)).status);
    expect(statuses.slice(0, 10)).toEqual(Array.from({ length: 10 }, () => 422));
    expect(statuses.at(-1)).toBe(429);
    const sam = await settleAccount(stack, { name: 'Sam' });
    expect((await new Visitor(stack).signIn(sam.email)).status).toBe(303);
  });

  test('slowly, over days: the failures of an address are kept in the database and lock it with a growing wait', async () => {
    const address = newAddress();
    await queryAs(
      stack.superuserUrl,
      "insert into app.login_failures values ('address:' || $1, 49, now(), now() - interval '1 second')",
      [address],
    );
    expect((await new Visitor(stack, address).signIn('fiftieth@guess.example', WRONG)).status).toBe(422);
    const tina = await settleAccount(stack, { name: 'Tina' });
    const locked = await new Visitor(stack, address).signIn(tina.email, PASSWORD);
    expect(locked.status).toBe(429);
    expect((await new Visitor(stack).signIn(tina.email, PASSWORD)).status).toBe(303);
  });

  test('and a success between the guesses wins no further ones for the address', async () => {
    const own = await settleAccount(stack, { name: 'Mallory' });
    const address = newAddress();
    await queryAs(
      stack.superuserUrl,
      "insert into app.login_failures values ('address:' || $1, 20, now(), now() - interval '1 second')",
      [address],
    );
    expect((await new Visitor(stack, address).signIn(own.email)).status).toBe(303);
    const [row] = await queryAs(
      stack.superuserUrl,
      "select failures from app.login_failures where subject = 'address:' || $1",
      [address],
    );
    expect(row?.failures).toBe(20);
  });
});

test('a flood of a hundred sign-ins at the same moment is served within bounds: each is refused or told to come back, and a person is served after it', async () => {
  const uma = await settleAccount(stack, { name: 'Uma' });
  const visitors = Array.from({ length: 100 }, () => new Visitor(stack));
  const forms = await Promise.all(
    visitors.map(async (visitor) => hiddenFields(await (await visitor.get('/login')).text(), '/login')),
  );
  const answers = await Promise.all(
    visitors.map((visitor, index) =>
      visitor.post('/login', { ...forms[index], email: `flood${index}@flood.example`, password: WRONG }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([422, 503]));
  for (const busy of answers.filter(({ status }) => status === 503)) {
    expect(busy.headers.get('retry-after')).toBe('2');
    expect(await busy.text()).toContain('Too many sign-ins');
  }
  expect((await new Visitor(stack).signIn(uma.email)).status).toBe(303);
});
