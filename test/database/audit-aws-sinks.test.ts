import { tmpdir } from 'node:os';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { nodeSource } from '../../cli/keys/open-source.ts';
import { newId } from '../../protocol/ids.ts';
import { sendToSinks } from '../../worker/audit/sinks/send-to-sinks.ts';
import { sealSinkSecret } from '../../worker/audit/sinks/sink-secret.ts';
import type { SinkSettings } from '../../worker/database/audit-sinks.ts';
import { type KeyStore, openKeyStore } from '../../worker/keys/key-store.ts';
import { importSealKey } from '../../worker/seal/seal.ts';
import { auditLogOf } from '../support/audit-log.ts';
import { type BlobServer, startBlobServer } from '../support/blob-server.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { type Moto, type MotoKey, REGION, startMoto } from '../support/moto/start-moto.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const BUCKET = 'acme-evidence';
const GROUP = 'acme/audit';
const MAY = ['s3:PutObject', 's3:GetObject', 's3:ListBucket'];
const MAY_LOG = ['logs:CreateLogStream', 'logs:PutLogEvents', 'logs:GetLogEvents'];

let database: TestDatabase;
let keys: KeyStore;
let blobs: BlobServer;
let moto: Moto;
let log: ReturnType<typeof auditLogOf>;
let ann: Inhabitant;
let access: MotoKey;
let send: () => Promise<number>;

beforeAll(async () => {
  [database, moto, blobs] = await Promise.all([startTestDatabase(), startMoto(), startBlobServer()]);
  const client = await database.open();
  keys = openKeyStore(client, nodeSource(['correct horse battery staple']));
  await keys.check();
  log = auditLogOf(database, tmpdir());
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  await log.work(ann, 230);
  await log.withOperator(log.seal);
  await moto.makeBucket(BUCKET);
  await moto.json('logs', 'Logs_20140328.CreateLogGroup', { logGroupName: GROUP });
  access = await moto.onlyFor([...MAY, ...MAY_LOG]);
  const sealKey = await importSealKey('A'.repeat(43));
  const exits = { internet: fetch, loopback: fetch, loopbackOrigins: [moto.origin] };
  send = () => sendToSinks(client, { exits, sealKey, keys, blobs: blobs.store });
}, 600_000);
afterAll(async () => {
  await Promise.all([database?.stop(), moto?.stop(), blobs?.stop()]);
});
beforeEach(() =>
  database.asSuperuser(
    "update app.audit_sinks set ended_at = now(), secret_access_key = null where kind <> 'blobs'",
  ),
);

async function sinkOf(
  kind: 's3' | 'cloudwatch',
  url: string,
  { secret = access.secret, ...settings }: SinkSettings & { readonly secret?: string } = {},
): Promise<string> {
  const sink = newId('sink');
  await database.asSuperuser(
    'insert into app.audit_sinks (tenant_id, sink_id, kind, url, settings, secret_access_key) values ($1, $2, $3, $4, $5, $6)',
    [
      ...[ann.tenantId, sink, kind, url],
      JSON.stringify({ region: REGION, access_key_id: access.id, ...settings }),
      await sealSinkSecret(keys, ann.tenantId, sink, secret),
    ],
  );
  return sink;
}
const inBucket = (folder: string) => sinkOf('s3', `${moto.origin}/${BUCKET}/${folder}/`);
const inLogs = (stream: string, more: { readonly secret?: string; readonly log_group?: string } = {}) =>
  sinkOf('cloudwatch', `${moto.origin}/`, { log_group: GROUP, log_stream: stream, ...more });

const stateOf = async (sink: string) =>
  (
    await database.asSuperuser(
      'select next_leaf::int, failures, last_failure, next_attempt_at > now() as waits from app.audit_sinks where sink_id = $1',
      [sink],
    )
  )[0];
const sizeOf = async () =>
  Number(
    (await database.asSuperuser('select tree_size from app.audit_trees where tree = $1', [ann.tenantId]))[0]
      ?.tree_size,
  );
const upTo = (size: number) => Array.from({ length: size }, (_, index) => index);
const entriesOf = (lines: readonly string[]) =>
  lines.filter((line) => line !== '').map((line) => (JSON.parse(line) as { entry: number }).entry);

async function objectsIn(
  folder: string,
): Promise<readonly { readonly name: string; readonly text: string }[]> {
  const listed = await moto.send(
    's3',
    `/${BUCKET}?list-type=2&prefix=${encodeURIComponent(`${folder}/`)}`,
    {},
    access,
  );
  const names = [...listed.matchAll(/<Key>([^<]+)</g)].map(([, name = '']) => name);
  return Promise.all(
    names.map(async (name) => ({ name, text: await moto.send('s3', `/${BUCKET}/${name}`, {}, access) })),
  );
}
const eventsIn = async (stream: string) => {
  const asked = { logGroupName: GROUP, logStreamName: stream, startFromHead: true, limit: 10_000 };
  const { events } = await moto.json('logs', 'Logs_20140328.GetLogEvents', asked, access);
  return (events as { message: string; timestamp: number }[]) ?? [];
};

test('a bucket gets every entry once and in order, in objects whose names are in order too', async () => {
  const sink = await inBucket('all');
  expect(await send()).toBeGreaterThanOrEqual(3);
  const objects = await objectsIn('all');
  const size = await sizeOf();
  expect(objects.map(({ name }) => name)).toEqual(
    [0, 100, 200].map((from) => {
      const [first, last] = [from, Math.min(from + 99, size - 1)].map((index) =>
        String(index).padStart(12, '0'),
      );
      return `all/${ann.tenantId}/${new Date().toISOString().slice(0, 10)}/${first}-${last}.jsonl`;
    }),
  );
  expect(entriesOf(objects.flatMap(({ text }) => text.split('\n')))).toEqual(upTo(size));
  expect(await stateOf(sink)).toMatchObject({ next_leaf: size, failures: 0, waits: true });
});

test('a log stream is made where it is missing, and gets every entry once and in order', async () => {
  const sink = await inLogs('new');
  await send();
  const size = await sizeOf();
  const events = await eventsIn('new');
  expect(entriesOf(events.map(({ message }) => message))).toEqual(upTo(size));
  expect(await stateOf(sink)).toMatchObject({ next_leaf: size, failures: 0, last_failure: null });
});

test('an event that happened a month ago is in the log stream too, which takes none that is dated so', async () => {
  await database.asSuperuser('alter table app.audit_events disable trigger append_only');
  await log.work(ann, 1);
  await database.asSuperuser(
    "update app.audit_events set occurred_at = occurred_at - interval '31 days' where event_id in (select event_id from app.audit_unsealed)",
  );
  await database.asSuperuser('alter table app.audit_events enable always trigger append_only');
  await log.withOperator(log.seal);
  await inLogs('old');
  await send();
  expect(entriesOf((await eventsIn('old')).map(({ message }) => message))).toEqual(upTo(await sizeOf()));
});

test.each([
  [
    'S3 does not know the key',
    () => sinkOf('s3', `${moto.origin}/${BUCKET}/x/`, { secret: 'wrong' }),
    'SignatureDoesNotMatch',
  ],
  ['CloudWatch does not know the key', () => inLogs('x', { secret: 'wrong' }), 'http_403'],
  ['a bucket that is not there', () => sinkOf('s3', `${moto.origin}/nobodys/x/`), 'NoSuchBucket'],
  ['a log group that is not there', () => inLogs('x', { log_group: 'nobodys' }), 'ResourceNotFoundException'],
])('%s: it is asked again later, and nothing is lost', async (_name, make, reason) => {
  const sink = await make();
  await send();
  const state = await stateOf(sink);
  expect(state).toMatchObject({ next_leaf: 0, failures: 1, waits: true });
  expect(state?.last_failure).toMatch(reason);
});

test('an access key that opens with no key of the tenant reaches nobody', async () => {
  const sink = await inBucket('stolen');
  const other = await sealSinkSecret(keys, ann.tenantId, newId('sink'), access.secret);
  await database.asSuperuser('update app.audit_sinks set secret_access_key = $2 where sink_id = $1', [
    sink,
    other,
  ]);
  await send();
  expect(await stateOf(sink)).toMatchObject({ next_leaf: 0, last_failure: 'key_does_not_open' });
  expect(await objectsIn('stolen')).toEqual([]);
});

test('no access key is stored but in an envelope, and none of a sink that has ended', async () => {
  const sink = await inBucket('secret');
  const rows = await database.asSuperuser('select s::text as row from app.audit_sinks as s');
  expect(rows.map(({ row }) => row).join()).not.toContain(access.secret);
  await expect(
    database.asSuperuser('update app.audit_sinks set secret_access_key = $2 where sink_id = $1', [
      sink,
      access.secret,
    ]),
  ).rejects.toMatchObject({ code: '23514' });
  await expect(
    database.asSuperuser('update app.audit_sinks set ended_at = now() where sink_id = $1', [sink]),
  ).rejects.toMatchObject({ constraint: 'audit_sinks_secret' });
});
