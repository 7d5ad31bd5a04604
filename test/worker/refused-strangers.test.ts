import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withAuditOperator } from '../../cli/database/audit-operator.ts';
import { ROOT_DIR } from '../../cli/stack/state-paths.ts';
import { fireCron } from '../support/fire-cron.ts';
import { postForm, registerClient } from '../support/oauth.ts';
import { settlePerson } from '../support/people.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { settleAccount, Visitor } from '../support/visitor.ts';

/** What nobody's log would have: who was refused before it was known who they are. */
let stack: TestStack;
let stop: () => Promise<void>;
beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 0 }));
});
afterAll(() => stop());

const from = (address: string) => ({ 'cf-connecting-ip': address });

test('who is refused before it is known who they are stands in the log of the platform, by address and route, and no secret with them', async () => {
  const ann = await settleAccount(stack, { name: 'Ann' });
  const person = await settlePerson(stack, { name: 'Tom' });
  const post = (path: string, address: string, headers: Record<string, string> = {}) =>
    fetch(`${stack.publicUrl}${path}`, {
      method: 'POST',
      body: '{}',
      headers: { ...from(address), ...headers },
    });

  const wrong = `${person.token.slice(0, -4)}AAAA`;
  for (let n = 0; n < 3; n++)
    expect((await post('/mcp', '198.51.100.1', { authorization: `Bearer ${wrong}` })).status).toBe(401);
  const client = await registerClient(stack, { token_endpoint_auth_method: 'client_secret_post' });
  const fields = { grant_type: 'refresh_token', refresh_token: 'x', client_id: client.client_id };
  const refused = await postForm(
    stack,
    '/oauth/token',
    { ...fields, client_secret: 'wrong-secret' },
    from('198.51.100.2'),
  );
  expect(refused.status).toBe(401);
  expect((await new Visitor(stack, '198.51.100.3').signIn(ann.email, 'wrong-password')).status).toBe(422);
  const lost = await post('/no/such/path', '198.51.100.4', { authorization: `Bearer ${wrong}` });
  expect(lost.status).toBe(401);
  // Who only asks how to sign in, and who is known, are not in it.
  expect((await post('/mcp', '198.51.100.5')).status).toBe(401);
  expect((await post('/mcp', '198.51.100.6', { authorization: `Bearer ${person.token}` })).status).toBe(415);

  // Links that are guessed are; whoever is signed in is not, but where they try what is of another.
  expect((await new Visitor(stack, '198.51.100.7').get('/recovery/guessed')).status).toBe(404);
  expect((await new Visitor(stack, '198.51.100.7').get('/invitations/guessed')).status).toBe(404);
  const visitor = new Visitor(stack, '198.51.100.8');
  expect((await visitor.signIn(ann.email)).status).toBe(303);
  expect((await visitor.post('/account/password', { csrf: 'made-up' })).status).toBe(403);
  const cookie = [...visitor.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const tried = await fetch(`${stack.publicUrl}/api/v1/session`, {
    method: 'POST',
    body: JSON.stringify({ email: ann.email, password: 'wrong-password' }),
    headers: {
      ...from('198.51.100.9'),
      ...{ cookie, 'content-type': 'application/json', 'x-causeway-request': '1' },
    },
  });
  expect(tried.status).toBe(401);

  const rows = () => withAuditOperator(stack.ownerUrl, (operator) => operator.listRefusals(10));
  const told = async () =>
    (await rows()).flatMap((row) =>
      row.refused.map(({ address, route, status }) => `${address} ${route} ${status}`),
    );
  await expect
    .poll(told, { timeout: 100_000, interval: 500 })
    .toEqual(
      expect.arrayContaining([
        '198.51.100.1 POST /mcp 401',
        '198.51.100.2 POST /oauth/token 401',
        '198.51.100.3 POST /login 422',
        '198.51.100.4 POST (unknown path) 401',
        '198.51.100.7 GET /recovery/:link 404',
        '198.51.100.7 GET /invitations/:link 404',
        '198.51.100.9 POST /api/v1/session 401',
      ]),
    );
  expect((await told()).join('\n')).not.toMatch(/198\.51\.100\.[568] /);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(ROOT_DIR, 'cli/main.ts'), 'audit', 'refused', '--state', stack.stateDir],
    { env: { ...process.env, DATABASE_OWNER_URL: stack.ownerUrl, NO_COLOR: '1' } },
  );
  expect(stdout).toMatch(/198\.51\.100\.1 +POST \/mcp +401 +3/);
  const text = JSON.stringify(await rows());
  for (const secret of [wrong.slice(40), 'wrong-secret', 'wrong-password', ann.email, '/no/such/path'])
    expect(text).not.toContain(secret);
}, 150_000);

test('what strangers were refused more than 400 days ago is removed by the cron', async () => {
  await queryAs(
    stack.superuserUrl,
    `insert into app.platform_events (action, target_kind, details, occurred_at)
     values ('access.refuse', 'deployment', '{"total": 1, "by": []}', now() - interval '401 days')`,
  );
  const old = () =>
    queryAs(
      stack.superuserUrl,
      "select from app.platform_events where occurred_at < now() - interval '400 days'",
    );
  expect(await old()).toHaveLength(1);
  await fireCron(stack);
  await expect.poll(old, { interval: 100 }).toEqual([]);
}, 70_000);
