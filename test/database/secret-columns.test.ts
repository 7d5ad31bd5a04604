import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestDatabase, type TestDatabase } from '../support/database.ts';
import { settle } from '../support/tenants.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
});
afterAll(() => database.stop());

const FOUND = "select code, object, message from app.check_catalogue() where severity = 'error'";
const ENVELOPE = `v1.AAAAAAA1.${'A'.repeat(40)}`;
const HASH = `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`;

test('every column that holds a secret is known, with its form', async () => {
  const rows = await database.asSuperuser('select relation, column_name, form from app.secret_columns()');
  const known = rows.map(({ relation, column_name, form }) => `${relation}.${column_name} ${form}`);
  expect(known).toEqual(
    expect.arrayContaining([
      'app.api_tokens.argon2id_hash argon2id',
      'app.audit_keys.private_key envelope',
      'app.invitations.link_sha256 sha256_hex',
      'app.join_tokens.token_sha256 sha256',
      'app.key_encryption_keys.canary envelope',
      'app.oauth_clients.secret_sha256 sha256',
      'app.oauth_codes.code_sha256 sha256',
      'app.oauth_devices.device_code_sha256 sha256',
      'app.oauth_devices.user_code_sha256 sha256',
      'app.oauth_keys.private_key envelope',
      'app.oauth_refresh_tokens.successor envelope',
      'app.oauth_refresh_tokens.token_sha256 sha256',
      'app.passwords.argon2id_hash argon2id',
      'app.platform_keys.wrapped envelope',
      'app.recovery_links.link_sha256 sha256_hex',
      'app.sessions.cookie_sha256 sha256_hex',
      'app.tenant_keys.wrapped envelope',
    ]),
  );
});

describe('a column for a secret takes nothing but its form', () => {
  test.each<[string, string, boolean]>([
    ['envelope', ENVELOPE, true],
    ['envelope', 'hunter2', false],
    ['envelope', '', false],
    ['envelope', `v2.AAAAAAA1.${'A'.repeat(40)}`, false],
    ['envelope', `v1.AAAAAAA1.${'A'.repeat(37)}`, false],
    ['envelope', `v1.AAAAAAA.${'A'.repeat(40)}`, false],
    ['envelope', `${ENVELOPE}\nhunter2`, false],
    ['envelope', ` ${ENVELOPE}`, false],
    ['envelope', `v1.AAAAAAA1.${'A'.repeat(70_000)}`, false],
    ['envelope', '-----BEGIN PRIVATE KEY-----', false],
    ['argon2id', HASH, true],
    ['argon2id', 'hunter2', false],
    ['argon2id', '$argon2id$v=19$m=hunter2', false],
    ['argon2id', HASH.replace('argon2id', 'argon2i'), false],
    ['argon2id', `${HASH}hunter2!`, false],
    ['argon2id', HASH.replace('v=19', 'v=16'), false],
    ['sha256', 'a'.repeat(64), true],
    ['sha256', 'A'.repeat(64), false],
    ['sha256', `btk_${'a'.repeat(60)}`, false],
    ['sha256_hex', 'a'.repeat(63), false],
  ])('app.%s and %j: %j', async (type, text, isTaken) => {
    const cast = database.asSuperuser(`select $1::app.${type}`, [text]);
    if (isTaken) await cast;
    else await expect(cast).rejects.toThrow('violates check constraint');
  });
});

const WEBHOOKS =
  "create table app.webhooks (tenant_id app.ten_id not null, hook_id text not null, %s, primary key (tenant_id, hook_id)); select app_private.protect_table('app.webhooks')";

/** A table without a tenant: of those with one the keeper sees every row. */
const WEBHOOKS_OF_NOBODY =
  'create table app.webhooks (hook_id text primary key, secret_sha256 app.sha256); alter table app.webhooks enable row level security; alter table app.webhooks force row level security';

const HOOKS_OF_TWO =
  "create table app.webhooks (tenant_id app.ten_id not null, a text, b text, secret app.envelope, primary key (tenant_id, a, b)); select app_private.protect_table('app.webhooks');";
const SEEN =
  'grant select on app.webhooks to causeway_keeper; create policy keeper on app.webhooks for select to causeway_keeper using (true);';

describe('what could hold a secret in the clear is found, and nothing is served:', () => {
  test.each<[string, string, string]>([
    ['a column that sounds like one', WEBHOOKS.replace('%s', 'signing_secret text'), 'plaintext_secret'],
    ['one of bytes', WEBHOOKS.replace('%s', 'client_secret bytea'), 'plaintext_secret'],
    ['one that is JSON', WEBHOOKS.replace('%s', 'passwords jsonb'), 'plaintext_secret'],
    [
      'one with a CHECK of its own, which is no type',
      WEBHOOKS.replace('%s', "secret text check (secret ~ '^v1\\.')"),
      'plaintext_secret',
    ],
    ['one where the Worker does not look', 'create table app_private.x (bearer text)', 'plaintext_secret'],
    [
      'a form that was taken away',
      'alter domain app.envelope drop constraint envelope_form',
      'secret_form_lost',
    ],
    [
      'a form that was loosened',
      'alter domain app.argon2id drop constraint argon2id_form; alter domain app.argon2id add constraint argon2id_form check (value is not null)',
      'secret_form_lost',
    ],
    [
      'a form that was never proven',
      "alter domain app.sha256 drop constraint sha256_check; alter domain app.sha256 add constraint sha256_check check (value ~ '^[0-9a-f]{64}$') not valid",
      'secret_form_lost',
    ],
    [
      'an envelope that no row binds',
      `${HOOKS_OF_TWO} ${SEEN} grant update on app.webhooks to causeway_keeper`,
      'envelope_without_row',
    ],
    [
      'an envelope that no rotation reaches',
      `${WEBHOOKS.replace('%s', 'secret app.envelope')}; ${SEEN}`,
      'envelope_out_of_reach',
    ],
    [
      'a hash of which no row is seen',
      `${WEBHOOKS_OF_NOBODY}; grant select on app.webhooks to causeway_keeper`,
      'secret_out_of_sight',
    ],
    [
      'a hash of which only some rows are seen',
      `${WEBHOOKS_OF_NOBODY}; grant select on app.webhooks to causeway_keeper; create policy keeper on app.webhooks for select to causeway_keeper using (hook_id = 'x')`,
      'secret_out_of_sight',
    ],
  ])('%s', async (_what, spoil, code) => {
    const scratch = await database.sibling();
    await scratch.asOwner(spoil);
    expect((await scratch.asApp(FOUND)).map((finding) => finding.code)).toEqual([code]);
  });

  test('a row in the clear, of a tenant that nobody entered', async () => {
    const scratch = await database.sibling();
    await settle(scratch.asOwner, { person: 'Ann', tenant: 'Acme' });
    await scratch.asOwner('alter domain app.argon2id drop constraint argon2id_form');
    await scratch.asSuperuser("update app.api_tokens set argon2id_hash = 'the-token-itself'");
    const findings = await scratch.asApp(FOUND);
    expect(findings.map(({ code, object }) => [code, object])).toEqual([
      ['secret_form_lost', 'app.argon2id'],
      ['secret_in_the_clear', 'app.api_tokens.argon2id_hash'],
    ]);
    expect(JSON.stringify(findings)).not.toContain('the-token-itself');
  });

  test('a row in the clear, of a table without tenants', async () => {
    const scratch = await database.sibling();
    await scratch.asOwner('alter domain app.sha256_hex drop constraint sha256_hex_form');
    await scratch.asSuperuser(
      `insert into app.users (user_id, email, name) values ('usr_01000000000000000000000000', 'a@b.example', 'A');
       insert into app.recovery_links (link_sha256, user_id, expires_at)
       values ('the-link-itself', 'usr_01000000000000000000000000', now())`,
    );
    const findings = await scratch.asApp(FOUND);
    expect(findings.map(({ code, object }) => [code, object])).toEqual([
      ['secret_form_lost', 'app.sha256_hex'],
      ['secret_in_the_clear', 'app.recovery_links.link_sha256'],
    ]);
    expect(JSON.stringify(findings)).not.toContain('the-link-itself');
    expect(await scratch.asOwner('select code from app.system_scan_secrets(null)')).toEqual([
      { code: 'secret_in_the_clear' },
    ]);
  });
});
