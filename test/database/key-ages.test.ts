import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../cli/database/migrate.ts';
import { createDatabase } from '../../worker/database/database.ts';
import { readStartupFacts } from '../../worker/database/startup-facts.ts';
import { importTicketKey } from '../../worker/database/ticket.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

const SEAL_KEY_SHA256 = 'a'.repeat(64);
let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

test('a key that signs is as old as the newest that signs by now', async () => {
  const scratch = await database.sibling();
  const key = (id: string, from: string) =>
    `insert into app.oauth_keys (key_id, public_jwk, private_key, signs_from)
     values ('${id.repeat(16)}', '{"kty":"EC"}', 'v1.xxxxxxxx.${'y'.repeat(40)}', now() + interval '${from}');`;
  await scratch.asSuperuser(key('a', '-900 days') + key('b', '-41 days') + key('c', '1 day'));
  expect(await scratch.asApp('select signing_key_days from app.startup_facts()')).toEqual([
    { signing_key_days: 41 },
  ]);
});

describe('a key is as old as the time that the database knows it, and a new one is new:', () => {
  let scratch: Awaited<ReturnType<TestDatabase['sibling']>>;
  beforeAll(async () => {
    scratch = await database.sibling();
  });
  async function daysNow(sealKeySha256 = SEAL_KEY_SHA256) {
    const asked = createDatabase({
      connectionString: scratch.appUrl,
      endpoint: database.http.url,
      ticketKey: await importTicketKey(database.ticketKey),
    });
    return (await readStartupFacts(asked, sealKeySha256))?.keyDays;
  }

  test('CONTEXT_KEY, which a migration with the same key leaves as old as it is', async () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    const install = (current: Buffer) => migrate({ ownerUrl: scratch.ownerUrl, ticketKeys: { current } });
    await install(old);
    await scratch.asSuperuser(
      "update app_private.signing_keys set installed_at = now() - interval '401 days 1 hour'",
    );
    expect(await daysNow()).toMatchObject({ context: 401 });
    await install(old);
    expect(await daysNow()).toMatchObject({ context: 401 });
    await migrate({ ownerUrl: scratch.ownerUrl, ticketKeys: { current: fresh, previous: old } });
    expect(await daysNow()).toMatchObject({ context: 0 });
  });

  test('SEAL_KEY, of which the database holds a digest', async () => {
    await daysNow();
    await scratch.asSuperuser("update app.seal_key set known_since = now() - interval '401 days 1 hour'");
    const version = () => scratch.asSuperuser('select xmin::text, xmax::text from app.seal_key');
    const written = await version();
    expect(await daysNow()).toMatchObject({ seal: 401 });
    expect(await version(), 'a key that is known is not written again').toEqual(written);
    await expect(
      scratch.asSuperuser(
        `set local app.context = 'x'; select app.system_note_seal_key('${'c'.repeat(64)}')`,
      ),
      'inside a call none is noted',
    ).rejects.toThrow('outside of every tenant');
    expect(await daysNow('b'.repeat(64))).toMatchObject({ seal: 0 });
    expect(await scratch.asSuperuser('select key_sha256 from app.seal_key')).toEqual([
      { key_sha256: 'b'.repeat(64) },
    ]);
    await expect(scratch.asApp('select * from app.seal_key')).rejects.toThrow('permission denied');
  });

  test('the key-encryption key, of which the newest counts', async () => {
    await scratch.asSuperuser(
      ['-401 days -1 hour', '-41 days -1 hour']
        .map(
          (age, at) => `insert into app.key_encryption_keys (key_id, recipe, canary, created_at)
        values ('AAAAAAA${at}', '{"kind":"kms"}', 'v1.AAAAAAA${at}.${'y'.repeat(40)}', now() + interval '${age}');`,
        )
        .join(''),
    );
    expect(await daysNow()).toMatchObject({ encryption: 41 });
  });
});
