import { describe, expect, test } from 'vitest';
import { placeOfKey } from '../../worker/oauth/keys/make-key.ts';
import { asOperatorOf, causeway } from '../support/causeway.ts';
import { postMcp } from '../support/mcp-call.ts';
import { connect, exchange, refreshFields, signedIn } from '../support/oauth.ts';
import { openSealed } from '../support/open-sealed.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
const LIST = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} };

describe('./causeway keys rotate', () => {
  test('publishes a key that only the passphrase opens, and nobody who is connected notices', async () => {
    const connected = await connect(
      stack,
      await signedIn(stack, await settleAccount(stack, { name: 'Ann' })),
    );
    const before = await queryAs(
      stack.superuserUrl,
      'select key_id from app.oauth_keys where published_until is null',
    );
    expect(before).toHaveLength(1);
    const { stdout } = await asOperatorOf(stack, 'keys', 'rotate', '--json');
    const { key, retired } = JSON.parse(stdout) as { key: string; retired: number };
    expect(retired).toBe(1);

    const rows = await queryAs(
      stack.superuserUrl,
      `select key_id, private_key, signs_from > now() + interval '9 minutes' as later, published_until is null as stays
         from app.oauth_keys where published_until is null or published_until > now() + interval '1 hour' order by signs_from`,
    );
    expect(rows.map(({ key_id, later, stays }) => [key_id, later, stays])).toEqual([
      [before[0]?.key_id, false, false],
      [key, true, true],
    ]);
    const envelope = rows[1]?.private_key as string;
    expect(JSON.parse((await openSealed(stack, envelope, placeOfKey(key))) ?? '{}')).toHaveProperty('d');

    expect((await postMcp(stack, connected.tokens.access_token, LIST)).status).toBe(200);
    const { body } = await exchange(stack, refreshFields(connected));
    expect((await postMcp(stack, body.access_token, LIST)).status).toBe(200);
  });

  test('says what it lacks where neither KEY_PASSPHRASE nor KMS_KEY is set', async () => {
    const failed = await causeway(['keys', 'rotate'], { DATABASE_OWNER_URL: stack.ownerUrl });
    expect(failed).toMatchObject({ code: 1 });
    expect(failed.stderr).toContain('neither KEY_PASSPHRASE nor KMS_KEY is set');
  });
});
