import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asKeyOperator, type KeyOperator } from '../../cli/database/key-operator.ts';
import { rotateDataKeys, rotateKek } from '../../cli/keys/rotate-keys.ts';
import { passphraseSource } from '../../worker/keys/kek-source.ts';
import { type KeyStore, openKeyStore } from '../../worker/keys/key-store.ts';
import { type Place, sealEnvelope } from '../../worker/seal/envelope.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { deriveOnce } from '../support/derive-once.ts';
import { type Inhabitant, settle } from '../support/tenants.ts';

const PASSPHRASE = 'correct horse battery staple';
const NEXT = 'a passphrase of another year';
const sourceOf = (passphrases: readonly [string, ...string[]]) => passphraseSource(passphrases, deriveOnce);
let database: TestDatabase;
let ann: Inhabitant;
let mallory: Inhabitant;

beforeAll(async () => {
  database = await startTestDatabase();
  ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  mallory = await settle(database.asOwner, { person: 'Mallory', tenant: 'Evil' });
});
afterAll(() => database.stop());

/** The keys as an isolate has them that was started with these passphrases. */
const isolate = async (...passphrases: [string, ...string[]]): Promise<KeyStore> =>
  openKeyStore(await database.open(), sourceOf(passphrases));
const asOperator = <Result>(work: (operator: KeyOperator) => Promise<Result>) =>
  asKeyOperator(database.ownerUrl, work);
const placeOf = (row: string, tenant: string | null): Place => ({
  table: tenant === null ? 'app.oauth_keys' : 'app.oauth_refresh_tokens',
  column: tenant === null ? 'private_key' : 'successor',
  row,
  tenant,
});
const quiet = () => {};
const oldEnough = () =>
  database.asSuperuser(
    `update app.key_encryption_keys set created_at = created_at - interval '1 day';
     update app.tenant_keys set created_at = created_at - interval '1 day';
     update app.platform_keys set created_at = created_at - interval '1 day'`,
  );
const kekIds = async () =>
  (await database.asSuperuser('select key_id from app.key_encryption_keys order by created_at')).map(
    ({ key_id }) => key_id,
  );

/** Signing keys of the platform, each as an envelope in its row. */
async function storeSigningKeys(keys: KeyStore, names: readonly string[]): Promise<void> {
  const sealing = await keys.sealing(null);
  for (const name of names) {
    const envelope = await sealEnvelope(sealing, `private ${name}`, placeOf(name, null));
    await database.asSuperuser(
      `insert into app.oauth_keys (key_id, public_jwk, private_key) values ($1, '{}', $2)`,
      [name, envelope],
    );
  }
}

async function readSigningKey(keys: KeyStore, name: string): Promise<string | null> {
  const [row] = await database.asSuperuser('select private_key from app.oauth_keys where key_id = $1', [
    name,
  ]);
  return keys.open(null, row?.private_key as string, placeOf(name, null));
}

describe('the first start of a deployment', () => {
  test('makes one key, though four isolates start at once, and all seal for each other', async () => {
    const isolates = await Promise.all(Array.from({ length: 4 }, () => isolate(PASSPHRASE)));
    expect(await Promise.all(isolates.map((keys) => keys.check()))).toEqual(isolates.map(() => []));
    expect(await kekIds()).toHaveLength(1);
    const sealed = await Promise.all(
      isolates.map(async (keys, index) =>
        sealEnvelope(await keys.sealing(ann.tenantId), `secret ${index}`, placeOf('r', ann.tenantId)),
      ),
    );
    const reader = await isolate(PASSPHRASE);
    const opened = sealed.map((envelope) => reader.open(ann.tenantId, envelope, placeOf('r', ann.tenantId)));
    expect(await Promise.all(opened)).toEqual(isolates.map((_, index) => `secret ${index}`));
  });

  test('stores a salt, costs and a canary, and nothing of the passphrase or a key in the clear', async () => {
    const rows = await database.asSuperuser('select recipe, canary from app.key_encryption_keys');
    expect(rows).toEqual([
      {
        recipe: {
          kind: 'argon2id',
          salt: expect.stringMatching(/^[A-Za-z0-9_-]{22}$/),
          memoryKib: 19456,
          passes: 4,
          lanes: 1,
        },
        canary: expect.stringMatching(/^v1\./),
      },
    ]);
  });

  test('refuses to serve without a passphrase, or with another than it was started with, and says what to set', async () => {
    const none = openKeyStore(await database.open(), null);
    expect(await none.check()).toEqual([expect.stringContaining('set KEY_PASSPHRASE')]);
    const wrong = await isolate('another passphrase altogether');
    expect(await wrong.check()).toEqual([
      expect.stringMatching(/does not open the key-encryption key .*docs\/keys.md/),
    ]);
    expect(await kekIds()).toHaveLength(1);
    await expect(wrong.sealing(ann.tenantId)).rejects.toThrow('opens with no key at hand');
  });
});

describe('Mallory, who can write the database,', () => {
  test('opens nothing of Ann’s with a key of her tenant, wherever she moves it', async () => {
    const keys = await isolate(PASSPHRASE);
    const envelope = await sealEnvelope(
      await keys.sealing(ann.tenantId),
      'secret',
      placeOf('r', ann.tenantId),
    );
    await keys.sealing(mallory.tenantId);
    expect(await keys.open(mallory.tenantId, envelope, placeOf('r', mallory.tenantId))).toBeNull();
    expect(await keys.open(mallory.tenantId, envelope, placeOf('r', ann.tenantId))).toBeNull();
    expect(await keys.open(null, envelope, placeOf('r', ann.tenantId))).toBeNull();
  });

  test('cannot give her tenant the wrapped key of Ann’s', async () => {
    await database.asSuperuser(
      `insert into app.tenant_keys (tenant_id, key_id, purpose, wrapped)
       select $1, key_id, purpose, wrapped from app.tenant_keys where tenant_id = $2`,
      [mallory.tenantId, ann.tenantId],
    );
    await expect((await isolate(PASSPHRASE)).sealing(mallory.tenantId)).rejects.toThrow(
      'opens with no key at hand',
    );
    await database.asSuperuser('delete from app.tenant_keys where tenant_id = $1', [mallory.tenantId]);
  });

  test('reads no wrapped key as the Worker, and deletes none', async () => {
    for (const table of ['tenant_keys', 'platform_keys', 'key_encryption_keys'])
      await expect(database.asApp(`select * from app.${table}`)).rejects.toThrow('permission denied');
    for (const call of [`app.delete_tenant_keys('x')`, `app.retire_key('x', null, '0')`])
      await expect(database.asApp(`select ${call}`)).rejects.toThrow('permission denied');
  });
});

describe('a rotation of the key-encryption key', () => {
  const names = Array.from({ length: 7 }, (_, index) => `signing-key-000000${index}`);

  test('to another passphrase, killed in the middle: both keys open everything, and a second call finishes', async () => {
    const before = await isolate(PASSPHRASE);
    await storeSigningKeys(before, names);
    for (let tenant = 0; tenant < 5; tenant++) {
      const { tenantId } = await settle(database.asOwner, { person: `P${tenant}`, tenant: `T${tenant}` });
      await before.sealing(tenantId);
    }
    const during = await isolate(NEXT, PASSPHRASE);
    expect(await during.check()).toEqual([]);

    let replaced = 0;
    const killed = asOperator((operator) =>
      rotateKek(
        {
          ...operator,
          replaceEnvelope(old, next) {
            if (replaced++ === 3) throw new Error('killed');
            return operator.replaceEnvelope(old, next);
          },
        },
        sourceOf([NEXT, PASSPHRASE]),
        quiet,
      ),
    );
    await expect(killed).rejects.toThrow('killed');
    expect(await kekIds()).toHaveLength(2);
    for (const keys of [during, await isolate(NEXT, PASSPHRASE)]) {
      for (const name of names) expect(await readSigningKey(keys, name)).toBe(`private ${name}`);
    }

    const told: number[] = [];
    const finished = await asOperator((operator) =>
      rotateKek(operator, sourceOf([NEXT, PASSPHRASE]), (count) => told.push(count)),
    );
    expect(finished.resealed).toBeGreaterThan(2);
    expect(told.at(-1)).toBe(finished.resealed);
    expect(await kekIds()).toHaveLength(2);
    expect(finished.kept).toEqual([{ keyId: (await kekIds())[0], seconds: expect.any(Number) }]);
    expect((await (await isolate(NEXT)).check()).length).toBe(1);
  });

  test('deletes the old key once nothing is under it and no isolate can believe in it', async () => {
    await oldEnough();
    const [old, fresh] = await kekIds();
    const done = await asOperator((operator) => rotateKek(operator, sourceOf([NEXT, PASSPHRASE]), quiet));
    expect(done).toMatchObject({ newest: fresh, resealed: 0, retired: [old], kept: [] });
    const after = await isolate(NEXT);
    expect(await after.check()).toEqual([]);
    for (const name of names) expect(await readSigningKey(after, name)).toBe(`private ${name}`);
    expect(await (await isolate(PASSPHRASE)).check()).toHaveLength(1);
  });

  test('keeps the old key while one envelope under it cannot be opened, and names it', async () => {
    await database.asSuperuser(
      `update app.platform_keys set wrapped = left(wrapped, -8) || 'AAAAAAAA' where key_id = (select max(key_id) from app.platform_keys)`,
    );
    const answer = asOperator((operator) => rotateKek(operator, sourceOf([NEXT]), quiet));
    expect(await answer).toMatchObject({
      retired: [],
      unreadable: [{ place: { table: 'app.platform_keys', column: 'wrapped' } }],
    });
    await database.asSuperuser('delete from app.oauth_keys; delete from app.platform_keys');
    await oldEnough();
    await asOperator((operator) => rotateKek(operator, sourceOf([NEXT]), quiet));
  });

  test('to another passphrase leaves nothing to the one before, though a rotation by that was not over', async () => {
    const rotate = (...passphrases: [string, ...string[]]) =>
      asOperator((operator) => rotateKek(operator, sourceOf(passphrases), quiet));
    while ((await kekIds()).length < 2) await rotate(NEXT);
    for (const [passphrase, before] of [
      [PASSPHRASE, NEXT],
      [NEXT, PASSPHRASE],
    ] as const) {
      const rotation = await rotate(passphrase, before);
      expect(await (await isolate(passphrase, before)).check()).toEqual([]);
      await oldEnough();
      expect((await rotate(passphrase, before)).newest).toBe(rotation.newest);
      expect(await (await isolate(passphrase)).check()).toEqual([]);
    }
  });
});

describe('a rotation of data keys', () => {
  test('seals anew what the platform’s key sealed, and the isolates of before go on', async () => {
    const before = await isolate(NEXT);
    await storeSigningKeys(before, ['signing-key-rotated']);
    const rotation = await asOperator((operator) => rotateDataKeys(operator, sourceOf([NEXT]), null, quiet));
    expect(rotation).toMatchObject({ resealed: 1, unreadable: [] });
    const [row] = await database.asSuperuser('select private_key from app.oauth_keys');
    expect(row?.private_key).toContain(`v1.${rotation.newest}.`);
    await oldEnough();
    const done = await asOperator((operator) => rotateDataKeys(operator, sourceOf([NEXT]), null, quiet));
    expect(done.retired).toEqual(rotation.kept.map(({ keyId }) => keyId));
    expect(await readSigningKey(await isolate(NEXT), 'signing-key-rotated')).toBe(
      'private signing-key-rotated',
    );
  });

  test('of one tenant is offered its envelopes alone, whatever key Mallory’s rows name', async () => {
    const [kek = ''] = (await kekIds()).map(String);
    const listed = (tenant: string | null, envelopesMax = 100) =>
      asOperator((operator) => operator.listEnvelopes(kek, tenant, envelopesMax));
    await (await isolate(NEXT)).sealing(mallory.tenantId);
    const owners = async (tenant: string | null) =>
      new Set((await listed(tenant)).map(({ place }) => place.tenant));
    expect(await owners(ann.tenantId)).toEqual(new Set([ann.tenantId]));
    expect(await owners(mallory.tenantId)).toEqual(new Set([mallory.tenantId]));
    const all = await owners(null);
    for (const tenant of [ann.tenantId, mallory.tenantId]) expect(all).toContain(tenant);
    expect(await listed(null, 2)).toHaveLength(2);
    const [hers] = await listed(mallory.tenantId);
    if (hers === undefined) throw new Error('Mallory has a key');
    const asAnns = { ...hers, place: { ...hers.place, tenant: ann.tenantId } };
    expect(await asOperator((operator) => operator.replaceEnvelope(asAnns, hers.envelope))).toBe(false);
  });

  test('of one tenant touches no other’s', async () => {
    const theirs = 'select key_id from app.tenant_keys where tenant_id <> $1 order by 1';
    const before = await database.asSuperuser(theirs, [ann.tenantId]);
    const rotation = await asOperator((operator) =>
      rotateDataKeys(operator, sourceOf([NEXT]), ann.tenantId, quiet),
    );
    expect((await (await isolate(NEXT)).sealing(ann.tenantId)).id).toBe(rotation.newest);
    expect(await database.asSuperuser(theirs, [ann.tenantId])).toEqual(before);
  });
});

test('a tenant whose keys are deleted has no secret and no blob any more, in no isolate that starts', async () => {
  const keys = await isolate(NEXT);
  const place = placeOf('r', ann.tenantId);
  const envelope = await sealEnvelope(await keys.sealing(ann.tenantId), 'secret', place);
  const blobKeyId = (await keys.blobKey(ann.tenantId, null))?.id ?? null;
  expect(await (await isolate(NEXT)).blobKey(ann.tenantId, blobKeyId)).toMatchObject({ id: blobKeyId });
  expect(await (await isolate(NEXT)).open(ann.tenantId, envelope, place)).toBe('secret');
  expect(await asOperator((operator) => operator.deleteTenantKeys(ann.tenantId))).toBeGreaterThan(0);
  expect(await (await isolate(NEXT)).open(ann.tenantId, envelope, place)).toBeNull();
  expect(await (await isolate(NEXT)).blobKey(ann.tenantId, blobKeyId)).toBeNull();
});
