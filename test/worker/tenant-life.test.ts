import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asTenantOperator } from '../../cli/database/tenant-operator.ts';
import { verifyCertificate } from '../../cli/tenants/verify-certificate.ts';
import { readNoteVerifier } from '../../protocol/signed-note.ts';
import { crashWorker, type RevivedWorker } from '../support/crash-worker.ts';
import { fireCron } from '../support/fire-cron.ts';
import { postMcp } from '../support/mcp-call.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { tenantContents } from '../support/tenant-contents.ts';
import { type Acme, causeway as command, settleAcme } from '../support/tenant-world.ts';
import { Visitor } from '../support/visitor.ts';

let stack: TestStack;
let stop: () => Promise<void>;
let revived: RevivedWorker | undefined;
let ann: Acme['ann'];
let bob: Acme['bob'];

beforeAll(async () => {
  ({ stack, stop } = await startTestStack({ slots: 1 }));
  ({ ann, bob } = await settleAcme(stack));
});
afterAll(async () => {
  await revived?.stop();
  await stop();
});

const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);
const inState = (name: string) => join(stack.stateDir, name);
const causeway = (...args: readonly string[]) => command(stack, ...args);
const tenant = (name: string, ...args: readonly string[]) =>
  causeway('tenant', name, ...args, '--public-url', stack.publicUrl);

/** Files below a folder, whatever folders are left. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap((entry) =>
    entry.isFile() ? [entry.name] : [],
  );

const callStatus = async (token: string): Promise<number> => {
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'whoami', arguments: {} } };
  const response = await postMcp(stack, token, message);
  await response.body?.cancel();
  return response.status;
};

describe('a suspension', () => {
  test('holds on the next request, ends what runs and what waits, and leaves everything there', async () => {
    const [running, waiting] = [await ann.startModel(0), await ann.startModel(2)];
    const before = await seen('select count(*)::int as n from app.runs where tenant_id = $1', [ann.tenant]);
    const suspended = await tenant('suspend', ann.tenant, '--reason', 'unpaid', '--json');
    expect(JSON.parse(suspended.out)).toMatchObject({ status: 'suspended', told: true, stopped_runs: 2 });
    expect(await callStatus(ann.token)).toBe(403);
    await expect
      .poll(() =>
        seen('select state from app.runs where run_id = any($1) order by run_id', [[running, waiting]]),
      )
      .toEqual([{ state: 'cancelled' }, { state: 'cancelled' }]);
    expect((await causeway('tenant', 'list')).out).toMatch(new RegExp(`${ann.tenant} .* suspended`));
    const listed = JSON.parse((await causeway('tenant', 'list', '--json')).out) as { tenant_id: string }[];
    expect(listed.find(({ tenant_id: id }) => id === ann.tenant)).toMatchObject({
      members: expect.any(Number),
      projects: expect.any(Number),
      runs: expect.any(Number),
    });
    expect((await tenant('resume', ann.tenant)).code).toBe(0);
    expect(await callStatus(ann.token)).toBe(200);
    expect(await seen('select count(*)::int as n from app.runs where tenant_id = $1', [ann.tenant])).toEqual(
      before,
    );
    expect((await tenant('resume', ann.tenant)).out).toContain('not suspended');
  });
});

describe('a deletion', () => {
  const events = async () =>
    (
      await seen(
        "select action, outcome from app.audit_events where tenant_id = $1 and action like 'tenant.%' order by position",
        [ann.tenant],
      )
    ).map(({ action, outcome }) => `${action} ${outcome}`);

  test('by its owner needs the name, locks everybody out at once, and is taken back by an owner alone', async () => {
    const [owner, admin] = [await signedIn(stack, ann), await signedIn(stack, bob)];
    const [{ name } = { name: '' }] = await seen('select name from app.tenants where tenant_id = $1', [
      ann.tenant,
    ]);
    const action = `/teams/${ann.tenant}/delete`;
    const wrong = await owner.submit('/teams', action, { name: 'Acme Ltd', reason: '' });
    expect(wrong.status).toBe(422);
    expect(await wrong.text()).toContain('not the name of the team');
    expect(await callStatus(ann.token)).toBe(200);
    const sent = await owner.submit('/teams', action, { name: String(name), reason: 'we move' });
    expect(sent.headers.get('location')).toBe('/teams?done=deletion');
    expect(await callStatus(ann.token)).toBe(403);
    const page = await (await owner.get('/teams')).text();
    expect(page).toContain('to be deleted');
    expect(await (await admin.get('/teams')).text()).not.toContain(ann.tenant);
    const form = {
      csrf: /name="csrf"[^>]* value="([^"]+)"/.exec(await (await admin.get('/account')).text())?.[1] ?? '',
    };
    expect((await admin.post(`/teams/${ann.tenant}/keep`, form)).status).toBe(404);
    expect((await tenant('resume', ann.tenant)).out).toContain('waits for its deletion');
    // The days are not over: neither the cron nor a call of the operator does anything.
    expect(await fireCron(stack)).toBe(200);
    expect(
      (await seen('select step from app.tenant_deletions where tenant_id = $1', [ann.tenant]))[0],
    ).toEqual({
      step: 'waiting',
    });
    expect((await owner.submit('/teams', `/teams/${ann.tenant}/keep`, {})).headers.get('location')).toBe(
      '/teams?done=kept',
    );
    expect(await callStatus(ann.token)).toBe(200);
    expect((await events()).slice(-3)).toEqual([
      'tenant.request_deletion refused',
      'tenant.request_deletion ok',
      'tenant.take_back_deletion ok',
    ]);
  });

  test('of another name is refused to the operator too', async () => {
    const refused = await tenant('delete', ann.tenant, '--name', 'Acme Ltd', '--now');
    expect(refused.code).toBe(1);
    expect(refused.out).toContain('is called');
  });

  test('whose Worker is killed in the middle goes on, leaves nothing of the tenant, and is certified once', {
    timeout: 240_000,
  }, async () => {
    const certificate = inState('acme.certificate');
    const [{ name } = { name: '' }] = await seen('select name from app.tenants where tenant_id = $1', [
      ann.tenant,
    ]);
    const bobs = await tenantContents(stack, bob.tenant);
    const blobs = join(stack.stateDir, 'blobs', ann.tenant);
    const held = filesIn(blobs).length;
    writeFileSync(
      inState('audit.key'),
      (await causeway('audit', 'key', '--public-url', stack.publicUrl)).out,
    );
    await asTenantOperator(stack.ownerUrl, (operator) => operator.requestDeletion(ann.tenant, 'we move', 0));
    void fireCron(stack).catch(() => {});
    await expect
      .poll(
        async () =>
          (await seen('select step from app.tenant_deletions where tenant_id = $1', [ann.tenant]))[0]?.step,
        {
          interval: 5,
          timeout: 20_000,
        },
      )
      .not.toBe('waiting');
    revived = await crashWorker(stack);
    const done = await tenant('delete', ann.tenant, '--name', String(name), '--now', '--out', certificate);
    expect(done.code, done.out).toBe(0);

    expect(filesIn(blobs)).toEqual([]);
    const left = Object.entries(await tenantContents(stack, ann.tenant)).filter(
      ([, digest]) => !digest.startsWith('0 '),
    );
    expect(left.map(([table]) => table)).toEqual(['tenant_deletions']);
    expect(await seen('select from app.users where user_id = $1', [ann.user])).toEqual([]);
    expect(await seen('select user_id from app.users where user_id = $1', [bob.user])).toEqual([
      { user_id: bob.user },
    ]);
    expect(await tenantContents(stack, bob.tenant)).toEqual(bobs);
    expect(await callStatus(ann.token)).toBe(401);
    expect((await new Visitor(stack).signIn(ann.email)).status).not.toBe(303);

    const proven = await causeway(
      'tenant',
      'verify-certificate',
      certificate,
      '--key',
      inState('audit.key'),
      '--json',
    );
    expect(proven.code, proven.out).toBe(0);
    const verdict = JSON.parse(proven.out) as {
      certificate: { blobs: { count: number }; rows: Record<string, number> };
    };
    expect(verdict).toMatchObject({
      is_authenticated: true,
      certificate: { tenant: ann.tenant, people: 1, requested: { by: null, reason: 'we move' } },
    });
    expect(verdict.certificate.blobs.count).toBe(held);
    expect(verdict.certificate.rows).toMatchObject({
      'app.projects': 1,
      'app.tenants': 1,
      'app.memberships': 2,
    });

    const kept = () => asTenantOperator(stack.ownerUrl, (operator) => operator.certificate(ann.tenant));
    expect(await kept()).toBe(readFileSync(certificate, 'utf8'));
    expect(await fireCron(stack)).toBe(200);
    expect(await kept()).toBe(readFileSync(certificate, 'utf8'));
    expect(await seen("select from app.platform_events where action = 'tenant.deleted'")).toHaveLength(1);
    expect(
      await asTenantOperator(stack.ownerUrl, (operator) => operator.takeBackDeletion(ann.tenant)),
    ).toEqual({ ok: false, code: 'deletion_began' });
  });

  test.each([
    ['a number', (note: string) => note.replace(/"people": ?1/, '"people":2')],
    ['the name', (note: string) => note.replace('"tenant":', '"tenant" :')],
    ['its signature', (note: string) => note.replace(/.(\n)$/, 'A$1')],
  ])('is not proven by a certificate in which Mallory changed %s', async (_title, change) => {
    const note = readFileSync(inState('acme.certificate'), 'utf8');
    const key = await readNoteVerifier(readFileSync(inState('audit.key'), 'utf8').trim());
    expect(await verifyCertificate(note, key)).toMatchObject({ ok: true, isAuthenticated: true });
    expect(change(note)).not.toBe(note);
    expect(await verifyCertificate(change(note), key)).toMatchObject({ ok: false });
  });

  test('is consistent without a key, and its signer not authenticated', async () => {
    expect(await causeway('tenant', 'verify-certificate', inState('acme.certificate'))).toMatchObject({
      code: 3,
      out: expect.stringContaining('signer not authenticated'),
    });
  });
});
