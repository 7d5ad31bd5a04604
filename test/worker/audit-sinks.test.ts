import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { type ApiClient, apiSession } from '../support/api.ts';
import { asOperatorOf } from '../support/causeway.ts';
import { fireCron } from '../support/fire-cron.ts';
import { callTool } from '../support/mcp-call.ts';
import { queryAs } from '../support/query-as.ts';
import { startTestStack, type TestStack } from '../support/stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

interface Posted {
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

let stack: TestStack;
let stop: () => Promise<void>;
let receiver: Server;
let origin: string;
const status = 204;
const posted: Posted[] = [];
let ann: Account;
let owner: ApiClient;
let sink: string;

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      posted.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString(),
      });
      response.writeHead(status).end();
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  ({ stack, stop } = await startTestStack({ slots: 0, settings: { LOOPBACK_ORIGINS: origin } }));
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
});
afterAll(async () => {
  receiver?.close();
  await stop();
});

const inTenant = () => ({ params: { tenant: ann.tenant } });
const sinks = async () =>
  (await owner.get<{ sinks: Record<string, unknown>[] }>('listAuditSinks', inTenant())).sinks;
const seen = (sql: string, values: readonly unknown[] = []) => queryAs(stack.superuserUrl, sql, values);

test('what happens is at webhook, bucket and log stream, and in the blob store, with the next cron', async () => {
  const key = {
    region: 'eu-central-1',
    access_key_id: 'AKIAEXAMPLE',
    secret_access_key: 'planted-access-key',
  };
  const add = (body: object) => owner.get<{ sink: string }>('addAuditSink', { ...inTenant(), body });
  sink = (await add({ kind: 'webhook', url: `${origin}/hook` })).sink;
  await add({ kind: 's3', url: `${origin}/bucket/`, ...key });
  await add({ kind: 'cloudwatch', url: `${origin}/logs`, ...key, log_group: 'g', log_stream: 's' });
  await callTool(stack, ann.token, 'create_project', { name: 'Told to everybody' });
  expect(await fireCron(stack)).toBe(200);
  for (const start of ['/hook', '/bucket/', '/logs']) {
    const bodies = posted.filter(({ path }) => path.startsWith(start)).map(({ body }) => body);
    expect(bodies.join(), start).toContain('Told to everybody');
  }
  expect(posted.find(({ path }) => path.startsWith('/bucket/'))?.headers.authorization).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE\/\d{8}\/eu-central-1\/s3\/aws4_request, SignedHeaders=[^,]*x-amz-content-sha256/,
  );
  for (const { headers, body } of posted.filter(({ path }) => !path.startsWith('/hook')))
    expect(headers['x-amz-content-sha256']).toBe(createHash('sha256').update(body).digest('hex'));
  expect(await sinks()).toMatchObject(
    ['webhook', 's3', 'cloudwatch', 'blobs'].map(() => ({ waiting: 0, failures: 0, dead_letters: [] })),
  );
  const copies = await seen('select until_leaf::int as until from app.audit_copies where tenant_id = $1', [
    ann.tenant,
  ]);
  expect(Math.max(...copies.map(({ until }) => Number(until)))).toBeGreaterThan(3);
});

test('an access key is shown to nobody, neither by the API nor in the log', async () => {
  const told = JSON.stringify([await sinks(), await seen('select e::text from app.audit_events as e')]);
  expect(told).toContain('AKIAEXAMPLE');
  expect(told).not.toContain('planted-access-key');
});

test.each([
  ['an address of the inside', { url: 'https://10.0.0.1/' }],
  [
    'a bucket inside',
    {
      kind: 's3',
      url: 'https://169.254.169.254/',
      region: 'r',
      access_key_id: 'abc',
      secret_access_key: 'abcdefgh',
    },
  ],
  ['a bucket without a key', { kind: 's3', url: 'https://bucket.example/' }],
  ['the blob store, which is nobody’s to add', { kind: 'blobs', url: 'blobs:audit' }],
])('%s is no sink', async (_name, body) => {
  expect(await owner.call('addAuditSink', { ...inTenant(), body })).toMatchObject({ status: 400 });
});

test('nobody ends the copy in the blob store', async () => {
  const copy = (await sinks()).find(({ kind }) => kind === 'blobs');
  const params = { tenant: ann.tenant, sink: String(copy?.sink) };
  expect(await owner.call('endAuditSink', { params })).toMatchObject({ status: 404 });
});

test('a sink that fails is tried again at once where its owner asks for it', async () => {
  const input = { params: { tenant: ann.tenant, sink }, body: {} };
  expect((await owner.call('resendAudit', input)).status).toBe(404);
  await seen(
    "update app.audit_sinks set failures = 3, last_failure = 'http_500', next_attempt_at = now() + interval '1 hour' where sink_id = $1",
    [sink],
  );
  expect((await sinks()).find((one) => one.sink === sink)).toMatchObject({
    ...{ failures: 3, last_failure: 'http_500', next_attempt_at: expect.any(String) },
  });
  const told = await asOperatorOf(stack, 'audit', 'sinks', '--tenant', ann.tenant);
  expect(told.stdout).toMatch(
    /not taken 3 times in a row: http_500\. The receiver failed: its own log says why\.\s+tried again from [0-9T:-]+Z on/,
  );
  expect(await owner.get('resendAudit', input)).toEqual({ dead_letters: 0, hastened: true });
  posted.length = 0;
  await callTool(stack, ann.token, 'create_project', { name: 'Hastened' });
  await fireCron(stack);
  expect(posted.map(({ path }) => path)).toContain('/hook');
});

test('a sink that has ended gets nothing more, and its access key is gone', async () => {
  const bucket = (await sinks()).find(({ kind }) => kind === 's3');
  await owner.call('endAuditSink', { params: { tenant: ann.tenant, sink: String(bucket?.sink) } });
  const rows = await seen('select secret_access_key from app.audit_sinks where sink_id = $1', [bucket?.sink]);
  expect(rows).toEqual([{ secret_access_key: null }]);
  posted.length = 0;
  await callTool(stack, ann.token, 'create_project', { name: 'Later' });
  await seen('update app.audit_sinks set next_attempt_at = now()');
  await fireCron(stack);
  expect(posted.map(({ path }) => path)).toEqual(expect.arrayContaining(['/hook', '/logs']));
  expect(posted.filter(({ path }) => path.startsWith('/bucket'))).toEqual([]);
});

describe('the operator, by ./causeway audit,', () => {
  const audit = (command: string, ...args: readonly string[]) =>
    asOperatorOf(stack, 'audit', command, '--tenant', ann.tenant, ...args);

  test('sees what was not taken, has it sent again, and the tenant learns of it', async () => {
    expect(await audit('resend', '--sink', sink)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no dead letter'),
    });
    await seen(
      "insert into app.audit_dead_letters (tenant_id, sink_id, from_leaf, until_leaf, reason) values ($1, $2, 0, 2, 'http_500')",
      [ann.tenant, sink],
    );
    expect((await audit('sinks')).stdout).toContain('dead letter: entries 0 to 1, http_500');
    expect(await audit('resend', '--sink', sink)).toMatchObject({ code: 0 });
    posted.length = 0;
    await fireCron(stack);
    expect(posted.map(({ headers }) => headers['webhook-id'])).toContain(`${sink}.0.2`);
    expect((await audit('sinks')).stdout).not.toContain('dead letter');
    expect(
      await seen(
        "select target_id from app.audit_events where action = 'audit.resend' and credential_kind = 'operator'",
      ),
    ).toEqual([{ target_id: sink }]);
  });

  test.each(['sinks', 'resend'])('is told by %s of a tenant that never was', async (command) => {
    expect(await audit(command, '--tenant', newId('tenant'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/there is no such tenant[\s\S]*tenant list/),
    });
  });

  test('takes the log away, and the tenant learns of it', async () => {
    expect(await audit('export', '--out', join(stack.stateDir, 'taken.jsonl'))).toMatchObject({ code: 0 });
    expect(
      await seen("select credential_kind, target_id from app.audit_events where action = 'audit.export'"),
    ).toEqual([{ credential_kind: 'operator', target_id: ann.tenant }]);
  });
});
