import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { migrate } from '../../cli/database/migrate.ts';
import { printSchema } from '../../cli/database/print-schema.ts';
import { provisionDatabase } from '../../cli/database/provision-database.ts';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';

const MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url));
const OWNER_PASSWORD = 'a b/c@d:e?f#g%';

let server: TestDatabase;
let folder: string;
let databases = 0;
let ownerUrl: string;
let database: string;

beforeAll(async () => {
  server = await startTestDatabase();
});
afterAll(() => server.stop());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'causeway-migrations-'));
  cpSync(MIGRATIONS, folder, { recursive: true });
  database = `migrated_${++databases}`;
  ({ ownerUrl } = await provisionDatabase({
    adminUrl: server.superuserUrl,
    ownerPassword: OWNER_PASSWORD,
    database,
  }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const add = (name: string, sql: string) => writeFileSync(join(folder, name), sql);
async function ask(sql: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

describe('an empty database', () => {
  test('is migrated by a login that is no superuser, and a second run changes nothing', async () => {
    const first = await migrate({ ownerUrl, folder });
    const second = await migrate({ ownerUrl, folder });
    expect(first.applied[0]).toBe('0001-roles.sql');
    expect(second).toEqual({ applied: [], unchanged: first.applied.length });
    expect(await ask("select code from app.check_catalogue() where severity = 'error'")).toEqual([]);
    expect(await ask('select rolsuper from pg_roles where rolname = current_user')).toEqual([
      { rolsuper: false },
    ]);
  });

  test('is migrated once when two migrators start together', async () => {
    const [one, two] = await Promise.all([migrate({ ownerUrl, folder }), migrate({ ownerUrl, folder })]);
    expect([one.applied.length, two.applied.length].sort()).toContain(0);
    expect(one.applied.length + one.unchanged).toBe(two.applied.length + two.unchanged);
  });

  test('that a manager gives, whose admin is no superuser, is provisioned and migrated too', async () => {
    await server.asSuperuser("create role cloud_admin login createrole createdb password 'cloud'");
    await server.asSuperuser('grant causeway_owner to cloud_admin with admin true');
    for (const role of ['causeway_app', 'causeway_resolver', 'causeway_keeper', 'causeway_backup']) {
      await server.asSuperuser(`grant ${role} to causeway_owner with admin true, inherit false`);
    }
    const adminUrl = server.superuserUrl
      .replace(/\/\/[^@]+@/, '//cloud_admin:cloud@')
      .replace(/\/[^/]*$/, '/postgres');
    const cloud = await provisionDatabase({ adminUrl, ownerPassword: OWNER_PASSWORD, database: 'cloud' });
    await migrate({ ownerUrl: cloud.ownerUrl, folder });
    ownerUrl = cloud.ownerUrl;
    expect(await ask('select severity, code from app.check_catalogue()')).toEqual([
      { severity: 'warning', code: 'set_config_public' },
    ]);
  });

  test('whoever is not causeway_owner is told so', async () => {
    await expect(
      migrate({ ownerUrl: server.superuserUrl.replace(/\/[^/]*$/, `/${database}`), folder }),
    ).rejects.toThrow('migrations run as causeway_owner, not as postgres');
  });
});

describe('the history is forward only', () => {
  beforeEach(() => migrate({ ownerUrl, folder }));

  test('an applied file that was edited is refused by name', async () => {
    add('0001-roles.sql', `${readFileSync(join(folder, '0001-roles.sql'), 'utf8')}\n`);
    await expect(migrate({ ownerUrl, folder })).rejects.toThrow(
      /0001-roles\.sql was changed after it was applied/,
    );
  });

  test('an applied file that is missing is refused by name', async () => {
    rmSync(join(folder, '0004-audit.sql'));
    await expect(migrate({ ownerUrl, folder })).rejects.toThrow(/0004-audit\.sql.*newer version/);
  });

  test('a new file is applied, and only it', async () => {
    add('9000-new.sql', 'create table app_private.new_one (x int)');
    expect((await migrate({ ownerUrl, folder })).applied).toEqual(['9000-new.sql']);
  });

  test('a new file before an applied one is refused', async () => {
    add('0000-late.sql', 'select 1');
    await expect(migrate({ ownerUrl, folder })).rejects.toThrow(/0000-late\.sql sorts before/);
  });

  test('a file that fails leaves nothing, names its line, and what came before it stays', async () => {
    add('9000-good.sql', 'create table app_private.good (x int)');
    add('9001-bad.sql', 'create table app_private.half (x int);\n\nselect nonsense;');
    await expect(migrate({ ownerUrl, folder })).rejects.toThrow(
      /9001-bad\.sql line 3: column "nonsense" does not exist/,
    );
    expect(
      await ask(
        "select to_regclass('app_private.good')::text as good, to_regclass('app_private.half') as half",
      ),
    ).toEqual([{ good: 'app_private.good', half: null }]);
    add('9001-bad.sql', 'select 1');
    expect((await migrate({ ownerUrl, folder })).applied).toEqual(['9001-bad.sql']);
  });

  test('two files with one number, and a file with another kind of name, are refused', async () => {
    add('9000-one.sql', 'select 1');
    add('9000-two.sql', 'select 1');
    await expect(migrate({ ownerUrl, folder })).rejects.toThrow('two migrations have the number 9000');
    rmSync(join(folder, '9000-two.sql'));
    add('Ninety.sql', 'select 1');
    await expect(migrate({ ownerUrl, folder })).rejects.toThrow(/Ninety\.sql is not named NNNN-what\.sql/);
  });
});

test('a ticket key that is too short is refused', async () => {
  await expect(migrate({ ownerUrl, folder, ticketKeys: { current: new Uint8Array(31) } })).rejects.toThrow(
    'at least 32 bytes',
  );
});

test('a rotation of ticket keys that fails leaves all as it was: never one key without the other', async () => {
  const key = (byte: number) => new Uint8Array(32).fill(byte);
  const installed = () =>
    ask("select slot, inner_block from app_private.signing_keys where purpose = 'ticket' order by slot");
  await migrate({ ownerUrl, folder, ticketKeys: { current: key(1) } });
  const before = await installed();
  expect(before).toHaveLength(1);
  await expect(
    migrate({ ownerUrl, folder, ticketKeys: { current: key(2), previous: new Uint8Array(31) } }),
  ).rejects.toThrow('at least 32 bytes');
  expect(await installed()).toEqual(before);
  await migrate({ ownerUrl, folder, ticketKeys: { current: key(2), previous: key(1) } });
  const [current, previous] = await installed();
  expect(previous?.inner_block).toEqual(before[0]?.inner_block);
  expect(current?.inner_block).not.toEqual(before[0]?.inner_block);
});

test('provisioning again sets the password anew, with any characters in it', async () => {
  await provisionDatabase({ adminUrl: server.superuserUrl, ownerPassword: 'another', database });
  await expect(ask('select 1')).rejects.toMatchObject({ code: '28P01' });
  await provisionDatabase({ adminUrl: server.superuserUrl, ownerPassword: OWNER_PASSWORD, database });
  expect(await ask('select 1 as x')).toEqual([{ x: 1 }]);
});

test('the committed schema.sql is what the migrations make', async () => {
  await migrate({ ownerUrl });
  const committed = readFileSync(new URL('../../schema.sql', import.meta.url), 'utf8');
  expect(await printSchema(ownerUrl)).toBe(committed);
});

test('two databases with the same migrations print the same schema', async () => {
  await migrate({ ownerUrl, folder });
  expect(await printSchema(ownerUrl)).toBe(await printSchema(server.superuserUrl));
});
