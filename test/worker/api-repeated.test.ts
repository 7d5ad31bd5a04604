import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiAnswer, type ApiClient, apiSession } from '../support/api.ts';
import { codeOf } from '../support/api-callers.ts';
import { newEmail, newToken } from '../support/api-inputs.ts';
import { postMcp } from '../support/mcp-call.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

let ann: Account;
let owner: ApiClient;
beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
});

const invitation = () => ({
  params: { tenant: ann.tenant },
  body: { email: newEmail(), role: 'viewer' },
});
const token = () => ({
  params: { tenant: ann.tenant },
  body: { name: 'nightly', scopes: ['projects:read'], role: 'viewer' },
});
const count = async (table: string) =>
  Number(
    (
      await queryAs(stack.superuserUrl, `select count(*) as n from app.${table} where tenant_id = $1`, [
        ann.tenant,
      ])
    )[0]?.n,
  );
/** Resolves once so many calls wait to make an invitation. */
async function waitingInvitations(wanted: number): Promise<void> {
  for (;;) {
    const [row] = await queryAs(
      stack.superuserUrl,
      `select count(*) as n from pg_stat_activity
        where wait_event_type = 'Lock' and query like '%app.system_create_invitation%' and pid <> pg_backend_pid()`,
      [],
    );
    if (Number(row?.n) >= wanted) return;
  }
}

const withKey = (key: string) => ({ 'idempotency-key': key });

describe('a call that is repeated with its idempotency key', () => {
  test('is done once, and answered as the first time', async () => {
    const [key, input] = [randomUUID(), invitation()];
    const before = await count('invitations');
    const first = await owner.call('createInvitation', input, withKey(key));
    const again = await owner.call('createInvitation', input, withKey(key));
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.body).toEqual({ ...first.body, replayed: true });
    expect(first.body?.replayed).toBe(false);
    expect(await count('invitations')).toBe(before + 1);
  });

  test('twenty at once is done once', async () => {
    const [key, input] = [randomUUID(), invitation()];
    const before = await count('invitations');
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => owner.call('createInvitation', input, withKey(key))),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ body }) => body?.invitation)).size).toBe(1);
    expect(answers.filter(({ body }) => body?.replayed === false)).toHaveLength(1);
    expect(await count('invitations')).toBe(before + 1);
  });

  test('in two calls that race is done by one, and the other is answered as its repetition', async () => {
    const [key, input] = [randomUUID(), invitation()];
    const before = await count('invitations');
    const holder = new Client({ connectionString: stack.superuserUrl });
    await holder.connect();
    try {
      // Both calls find the key unknown, and wait for the tenant's row before either has remembered it.
      await holder.query('begin');
      await holder.query('select from app.tenants where tenant_id = $1 for update', [ann.tenant]);
      const racing = [1, 2].map(() => owner.call('createInvitation', input, withKey(key)));
      await waitingInvitations(2);
      await holder.query('commit');
      const answers = await Promise.all(racing);
      expect(answers.map(({ status }) => status)).toEqual([201, 201]);
      expect(answers.map(({ body }) => body?.replayed).sort()).toEqual([false, true]);
      expect(new Set(answers.map(({ body }) => body?.invitation)).size).toBe(1);
      expect(await count('invitations')).toBe(before + 1);
    } finally {
      await holder.end();
    }
  });

  test('with other arguments, or for another operation, is refused and does nothing', async () => {
    const key = randomUUID();
    await owner.call('createInvitation', invitation(), withKey(key));
    const before = [await count('invitations'), await count('api_tokens')];
    const refused = { status: 409, code: 'idempotency_conflict' };
    expect(codeOf(await owner.call('createInvitation', invitation(), withKey(key)))).toEqual(refused);
    expect(codeOf(await owner.call('createToken', token(), withKey(key)))).toEqual(refused);
    expect([await count('invitations'), await count('api_tokens')]).toEqual(before);
  });

  test('after a refusal is tried anew: only what was done is remembered', async () => {
    const [key, input] = [randomUUID(), invitation()];
    const bob = await settleAccount(stack, { name: 'Bob', tenant: ann.tenant, role: 'member' });
    const asBob = { ...input, body: { ...input.body, email: bob.email } };
    expect((await owner.call('createInvitation', asBob, withKey(key))).status).toBe(409);
    const answer = await owner.call('createInvitation', input, withKey(key));
    expect([answer.status, answer.body?.replayed]).toEqual([201, false]);
  });

  test("is another's with another's key: a key belongs to its person", async () => {
    const key = randomUUID();
    const other = await apiSession(stack, await settleAccount(stack, { name: 'Olga', tenant: ann.tenant }));
    await owner.call('createInvitation', invitation(), withKey(key));
    expect((await other.call('createInvitation', invitation(), withKey(key))).status).toBe(201);
  });

  test.each(['short', 'x'.repeat(101)])('has a key of the right length: %s', async (key) => {
    const answer = await owner.call('createInvitation', invitation(), withKey(key));
    expect(codeOf(answer)).toEqual({ status: 400, code: 'invalid_arguments' });
  });
});

describe('the secret of a token', () => {
  const secretOf = ({ body }: ApiAnswer) => body?.secret as string | null;

  test('is shown once: who repeats the call gets its id alone, and the database never held it', async () => {
    const [key, input] = [randomUUID(), token()];
    const first = await owner.call('createToken', input, withKey(key));
    const secret = secretOf(first) ?? '';
    expect((await postMcp(stack, secret, LIST)).status).toBe(200);
    const again = await owner.call('createToken', input, withKey(key));
    expect(again.body).toEqual({ ...first.body, secret: null, replayed: true });
    const [row] = await queryAs(
      stack.superuserUrl,
      'select result::text as result from app.idempotency_keys where tenant_id = $1 and key = $2',
      [ann.tenant, key],
    );
    expect(row?.result).toContain(String(first.body?.token));
    expect(row?.result).not.toContain(secret.split('_').at(-1));
    expect(row?.result).not.toContain('argon2id');
  });

  test('rotates once for a key, and the old one lives on for the overlap it asked for', async () => {
    const old = await owner.call('createToken', token());
    const input = {
      params: { tenant: ann.tenant, token: String(old.body?.token) },
      body: { overlap_seconds: 0 },
    };
    const key = randomUUID();
    const first = await owner.call('rotateToken', input, withKey(key));
    const again = await owner.call('rotateToken', input, withKey(key));
    expect(again.body).toEqual({ ...first.body, secret: null, replayed: true });
    expect((await postMcp(stack, secretOf(first) ?? '', LIST)).status).toBe(200);
    expect((await postMcp(stack, secretOf(old) ?? '', LIST)).status).toBe(401);
    expect(codeOf(await owner.call('rotateToken', input))).toEqual({ status: 404, code: 'not_found' });
  });

  test("is nobody else's to rotate, but an owner's to revoke", async () => {
    const bob = await settleAccount(stack, { name: 'Rob', tenant: ann.tenant, role: 'admin' });
    const params = {
      tenant: ann.tenant,
      token: await newToken(await apiSession(stack, bob), ann.tenant),
    };
    expect(codeOf(await owner.call('rotateToken', { params }))).toEqual({ status: 404, code: 'not_found' });
    expect((await owner.call('revokeToken', { params })).status).toBe(204);
    expect(await owner.get('getToken', { params })).toMatchObject({ is_alive: false, user: bob.user });
  });

  test('gives no more than its person has', async () => {
    const adam = await apiSession(
      stack,
      await settleAccount(stack, { name: 'Adam', tenant: ann.tenant, role: 'admin' }),
    );
    const wish = token();
    const above = { ...wish, body: { ...wish.body, role: 'owner' } };
    expect(codeOf(await adam.call('createToken', above))).toEqual({ status: 403, code: 'insufficient_role' });
  });
});
