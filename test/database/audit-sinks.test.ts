import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../protocol/ids.ts';
import { secretOfSink } from '../../worker/audit/sinks/post-batch.ts';
import { ATTEMPTS_MAX, sendToSinks } from '../../worker/audit/sinks/send-to-sinks.ts';
import {
  claimAuditSinks,
  resendAudit,
  settleAuditSink,
  settleDeadLetter,
} from '../../worker/database/audit-sinks.ts';
import type { Database } from '../../worker/database/database.ts';
import { query } from '../../worker/database/query.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import { importSealKey } from '../../worker/seal/seal.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { type BlobServer, startBlobServer } from '../support/blob-server.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

interface Received {
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

let database: TestDatabase;
let client: Database;
let log: ReturnType<typeof auditLogOf>;
let ann: Inhabitant;
let sealKey: Awaited<ReturnType<typeof importSealKey>>;
let server: Server;
let blobs: BlobServer;
let origin: string;
/** What the receiver was sent, and what it answers next. */
let received: Received[] = [];
let answers: number[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      if (request.url === '/silent') return;
      response.writeHead(answers.shift() ?? 204, { location: 'http://127.0.0.1:1/' }).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  [database, blobs] = await Promise.all([startTestDatabase(), startBlobServer()]);
  client = await database.open();
  log = auditLogOf(database, tmpdir());
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  sealKey = await importSealKey('A'.repeat(43));
}, 120_000);
afterAll(async () => {
  server?.closeAllConnections();
  server?.close();
  await Promise.all([database?.stop(), blobs?.stop()]);
});
beforeEach(() => {
  received = [];
  answers = [];
});

async function sinkAt(url: string): Promise<string> {
  const sink = newId('sink');
  await database.asSuperuser('insert into app.audit_sinks (tenant_id, sink_id, url) values ($1, $2, $3)', [
    ann.tenantId,
    sink,
    url,
  ]);
  return sink;
}
const send = (only: Parameters<typeof sendToSinks>[2] = {}) =>
  sendToSinks(
    client,
    {
      exits: { internet: fetch, loopback: fetch, loopbackOrigins: [origin] },
      ...{ sealKey, blobs: blobs.store },
      keys: { open: () => Promise.reject(new Error('no key is asked for')) },
    },
    only,
  );
const record = async (count: number) => {
  await log.work(ann, count);
  await log.withOperator(log.seal);
};
const stateOf = async (sink: string) =>
  (
    await database.asSuperuser(
      'select next_leaf::int, failures, last_failure, next_attempt_at > now() as waits from app.audit_sinks where sink_id = $1',
      [sink],
    )
  )[0];
const entriesIn = () =>
  received.flatMap(({ body }) =>
    (JSON.parse(body) as { entries: { entry: number }[] }).entries.map(({ entry }) => entry),
  );
/** Lets the wait of every sink be over. */
const wait = () => database.asSuperuser('update app.audit_sinks set next_attempt_at = now()');
const deadOf = (sink: string) =>
  database.asSuperuser(
    'select from_leaf::int, until_leaf::int, reason, sent_at is null as is_open from app.audit_dead_letters where sink_id = $1',
    [sink],
  );
/** As the operator does; how many ranges were asked for. */
const resend = async (sink: string) =>
  (await database.asOwner('select app.resend_audit($1, $2) as asked', [ann.tenantId, sink]))[0]?.asked;
const end = (sink: string) =>
  database.asSuperuser('update app.audit_sinks set ended_at = now() where sink_id = $1', [sink]);

test('every entry is sent once and in order, also more than one batch, signed so that its receiver can tell', async () => {
  const sink = await sinkAt(`${origin}/audit`);
  await record(230);
  expect(await send()).toBeGreaterThanOrEqual(3);
  const entries = entriesIn();
  expect(entries).toEqual(entries.map((_, index) => index));
  expect(entries.length).toBeGreaterThanOrEqual(230);
  const secret = Buffer.from((await secretOfSink(sealKey, sink)).replace('whsec_', ''), 'base64');
  for (const { headers, body } of received) {
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    expect(headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`,
    );
  }
  expect(await send()).toBe(0);
  await record(1);
  await send();
  expect(entriesIn()).toEqual([...entries, entries.length]);
  await end(sink);
});

test('a receiver that fails is asked again later, from where it failed, and loses nothing', async () => {
  const sink = await sinkAt(`${origin}/audit`);
  answers = [204, 500];
  expect(await send()).toBe(1);
  expect(await stateOf(sink)).toMatchObject({
    next_leaf: 100,
    failures: 1,
    last_failure: 'http_500',
    waits: true,
  });
  expect(await send()).toBe(0);
  await wait();
  await send();
  const entries = entriesIn();
  expect(entries.filter((entry, index) => entries.indexOf(entry) === index)).toEqual(
    Array.from({ length: Math.max(...entries) + 1 }, (_, index) => index),
  );
  expect(await stateOf(sink)).toMatchObject({ failures: 0, last_failure: null });
  await end(sink);
});

test('a batch that is never taken becomes a dead letter, what follows is sent, and it is sent again once when that is asked for', async () => {
  const sink = await sinkAt(`${origin}/audit`);
  answers = Array(ATTEMPTS_MAX).fill(503);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    await wait();
    await send();
  }
  expect(await deadOf(sink)).toEqual([{ from_leaf: 0, until_leaf: 100, reason: 'http_503', is_open: true }]);
  await wait();
  await send();
  expect(entriesIn().at(-1)).toBeGreaterThan(200);
  expect(received.some(({ body }) => body.includes('{"entry":0,'))).toBe(true);

  received = [];
  expect(await resend(sink)).toBe(1);
  expect(await resend(sink)).toBe(0);
  answers = [500];
  expect(await send()).toBe(0);
  expect(await deadOf(sink)).toEqual([{ from_leaf: 0, until_leaf: 100, reason: 'http_500', is_open: true }]);
  expect(await send()).toBe(0);
  expect(received).toHaveLength(1);
  await resend(sink);
  received = [];
  expect(await send()).toBe(1);
  expect(entriesIn()).toEqual(Array.from({ length: 100 }, (_, entry) => entry));
  expect(await deadOf(sink)).toMatchObject([{ is_open: false }]);
  expect(await resend(sink)).toBe(0);
  await end(sink);
});

test('a receiver that was mended is sent what waits when that is asked for, and nobody sends beside who is sending', async () => {
  const sink = await sinkAt(`${origin}/mended`);
  await record(3);
  for (let failure = 0; failure < 4; failure++) {
    answers = [500];
    await send();
    await wait();
  }
  answers = [500];
  await send();
  const [row] = await database.asOwner('select app.list_audit_sinks($1) as sinks', [ann.tenantId]);
  const told = row?.sinks as { sink: string; failures: number; next_attempt_at: string }[];
  const mended = told.find((one) => one.sink === sink);
  expect(mended?.failures).toBe(5);
  expect(Date.parse(String(mended?.next_attempt_at))).toBeGreaterThan(Date.now() + 120_000);
  received = [];
  expect(await send()).toBe(0);

  expect(await resend(sink)).toBe(1);
  const [batches] = await client.transaction([claimAuditSinks(1, 1)] as const);
  expect(batches.map((batch) => batch.sink)).toEqual([sink]);
  expect(await resend(sink)).toBe(1);
  expect(await send()).toBe(0);
  expect(received).toEqual([]);
  await wait();
  await send();
  expect(entriesIn().length).toBeGreaterThanOrEqual(3);
  expect(await stateOf(sink)).toMatchObject({ failures: 0 });
  expect(await resend(sink)).toBe(0);
  await end(sink);
});

test('one that fails keeps no other waiting', async () => {
  const [bad, good] = [await sinkAt('http://127.0.0.1:1/'), await sinkAt(`${origin}/audit`)];
  await send();
  expect(await stateOf(bad)).toMatchObject({ next_leaf: 0, failures: 1 });
  expect(entriesIn().length).toBeGreaterThan(200);
  await Promise.all([bad, good].map(end));
});

test('one that never answers keeps no other waiting either, and is asked again later', async () => {
  const [silent, good] = [await sinkAt(`${origin}/silent`), await sinkAt(`${origin}/audit`)];
  const sent = send();
  await expect.poll(() => entriesIn().length).toBeGreaterThan(300);
  expect(await stateOf(silent)).toMatchObject({ next_leaf: 0, failures: 0 });
  await sent;
  expect(await stateOf(silent)).toMatchObject({ next_leaf: 0, failures: 1, last_failure: 'too_slow' });
  expect(await stateOf(good)).toMatchObject({ failures: 0 });
  await Promise.all([silent, good].map(end));
});

test.each([
  ['a redirect', 302, 'http_302'],
  ['a refusal', 401, 'http_401'],
])('%s is not taken for delivery, and is not followed', async (_name, status, reason) => {
  const sink = await sinkAt(`${origin}/audit`);
  answers = [status];
  await send();
  expect(received).toHaveLength(1);
  expect(await stateOf(sink)).toMatchObject({ next_leaf: 0, last_failure: reason });
  await end(sink);
});

test.each([
  ['http://169.254.169.254/latest', 'not_https'],
  ['https://10.0.0.1/', 'internal_address'],
  ['https://metadata.internal/', 'internal_name'],
])('%s, if it ever got into the table, is not asked', async (url, reason) => {
  const sink = await sinkAt(url);
  await send();
  expect(await stateOf(sink)).toMatchObject({ next_leaf: 0, last_failure: reason });
  await end(sink);
});

test('of senders at once one has a sink at a time', async () => {
  const sink = await sinkAt(`${origin}/audit`);
  const claims = await Promise.all(
    [1, 2, 3, 4].map(() => client.transaction([claimAuditSinks(10, 1000)] as const)),
  );
  expect(claims.flat(2).filter(({ kind }) => kind === 'webhook')).toHaveLength(1);
  await end(sink);
});

test('a token, also one of an owner, has nothing sent again', async () => {
  expect(await withTenant(client, ann.principal, [resendAudit(newId('sink'), null)])).toEqual([
    { ok: false, code: 'insufficient_role' },
  ]);
});

test('a batch ends before it is too large for one request', async () => {
  const sink = await sinkAt(`${origin}/audit`);
  const [claimed] = await client.transaction([claimAuditSinks(100, 2000)] as const);
  const batch = claimed.find((each) => each.sink === sink);
  const bytes = batch?.entries.map((entry) => Buffer.byteLength(entry)) ?? [];
  expect(bytes.length).toBeGreaterThan(1);
  expect(bytes.slice(0, -1).reduce((sum, each) => sum + each, 0)).toBeLessThan(2000);
  expect(bytes.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(2000);
  await end(sink);
});

describe('what Mallory injects into her call', () => {
  test.each([
    ['claims nothing', () => claimAuditSinks(1, 1)],
    [
      'settles nothing',
      () =>
        settleAuditSink({ tenant: ann.tenantId, sink: 'snk_x', from: 0, entries: ['x'] }, null, {
          attemptsMax: 1,
          pauseSeconds: 0,
        }),
    ],
    [
      'adds no sink',
      () => query("insert into app.audit_sinks (url) values ('https://evil.example/')", [], () => null),
    ],
    [
      'settles no dead letter',
      () => settleDeadLetter({ tenant: ann.tenantId, sink: 'snk_x', from: 0 }, null),
    ],
    ['asks the operator for nothing', () => query("select app.resend_audit('ten_x', null)", [], () => null)],
    ['reads no sink', () => query('select * from app.audit_sinks', [], () => null)],
  ])('%s', async (_name, asked) => {
    await expect(withTenant(client, ann.principal, [asked() as never])).rejects.toMatchObject({
      sqlstate: '42501',
    });
  });
});

test('a sink that takes its time holds up no deletion: when the time of that is over, nothing more is begun', async () => {
  const sink = await sinkAt(`${origin}/slow`);
  await record(1);
  expect(await send({ tenant: ann.tenantId, until: Date.now() - 1 })).toBe(0);
  expect(received).toEqual([]);
  expect(await send({ tenant: ann.tenantId, until: Date.now() + 60_000 })).toBeGreaterThan(0);
  expect((await stateOf(sink))?.failures).toBe(0);
  await end(sink);
});
