import { beforeAll, describe, expect, test } from 'vitest';
import { asOperator } from '../../cli/database/operator.ts';
import { newId } from '../../protocol/ids.ts';
import { addDeadLetter } from '../support/api-inputs.ts';
import { signedIn } from '../support/oauth.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount, type Visitor } from '../support/visitor.ts';

const stack = sharedStack();
const PATH = '/audit/sinks';
let ann: Account;
let owner: Visitor;
let admin: Visitor;

beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await signedIn(stack, ann);
  admin = await signedIn(
    stack,
    await settleAccount(stack, { name: 'Adam', tenant: ann.tenant, role: 'admin' }),
  );
});

/** No schedule tries it while a test looks at it: a minute later its receiver would have failed. */
const letRest = (sink: string) =>
  queryAs(
    stack.superuserUrl,
    "update app.audit_sinks set failures = 0, last_failure = null, next_attempt_at = '2099-01-01' where sink_id = $1",
    [sink],
  );
const shown = async (visitor: Visitor) => (await visitor.get(PATH)).text();

describe('the page that says where the audit log is sent', () => {
  test('lets an owner add a webhook, whose secret it shows once, and end it; an admin sees it and has no form', async () => {
    const action = `/audit/${ann.tenant}/sinks`;
    const made = await owner.submit(PATH, action, { kind: 'webhook', url: 'https://sink.example.org/log' });
    const [, secret = ''] = /<code id="secret">(whsec_[^<]+)</.exec(await made.text()) ?? [];
    expect([made.status, secret.length > 40]).toEqual([200, true]);
    for (const page of [await shown(owner), await shown(admin)]) {
      expect(page).toContain('https://sink.example.org/log');
      expect(page).not.toContain(secret);
    }
    expect(await shown(admin)).not.toContain('<form method="post" action="/audit/');

    const [, sink = ''] = /\/sinks\/(snk_\w+)\/end/.exec(await shown(owner)) ?? [];
    await letRest(sink);
    expect(await shown(owner)).not.toContain('/resend');
    await addDeadLetter(stack, ann.tenant, sink);
    expect((await owner.submit(PATH, `${action}/${sink}/resend`, {})).headers.get('location')).toBe(
      `${PATH}?done=resent`,
    );
    expect(await shown(owner)).toContain('to be sent again');
    expect(await shown(owner)).toContain('http_500: The receiver failed');
    expect((await owner.submit(PATH, `${action}/${sink}/end`, {})).headers.get('location')).toBe(
      `${PATH}?done=ended`,
    );
    expect(await shown(owner)).not.toContain('https://sink.example.org/log');
  });

  test('says of one that fails what happened, what to do and when it is tried again, and lets its owner try at once', async () => {
    const action = `/audit/${ann.tenant}/sinks`;
    await owner.submit(PATH, action, { kind: 'webhook', url: 'https://fails.example.org/log' });
    const [, sink = ''] = /\/sinks\/(snk_\w+)\/end/.exec(await shown(owner)) ?? [];
    await queryAs(
      stack.superuserUrl,
      "update app.audit_sinks set failures = 7, last_failure = 'http_302', next_attempt_at = '2099-01-02T03:04:05Z' where sink_id = $1",
      [sink],
    );
    for (const page of [await shown(owner), await shown(admin)])
      for (const said of ['7 times in a row', 'a redirect, which is never followed', '2099-01-02 03:04 UTC'])
        expect(page).toContain(said);
    expect((await owner.submit(PATH, `${action}/${sink}/resend`, {})).headers.get('location')).toBe(
      `${PATH}?done=resent`,
    );
    expect(await shown(owner)).not.toContain('2099-01-02');
    await owner.submit(PATH, `${action}/${sink}/end`, {});
  });

  test('says what is wrong with what was typed, and shows it again without the access key', async () => {
    const action = `/audit/${ann.tenant}/sinks`;
    const typed = { kind: 's3', url: 'https://b.s3.example.org/<b>', secret_access_key: 'never-shown-again' };
    const again = await owner.submit(PATH, action, typed);
    const page = await again.text();
    expect(again.status).toBe(422);
    expect(page).toContain('region: a sink of kind s3 needs it');
    expect(page).toContain('value="https://b.s3.example.org/&lt;b&gt;"');
    expect(page).not.toContain('never-shown-again');
    const inside = await owner.submit(PATH, action, { kind: 'webhook', url: 'https://10.0.0.7/log' });
    expect([
      inside.status,
      (await inside.text()).includes(
        'must be https on port 443 of a public name; this one is an address of a private network',
      ),
    ]).toEqual([422, true]);
    const rows = await queryAs(
      stack.superuserUrl,
      "select from app.audit_sinks where tenant_id = $1 and ended_at is null and kind <> 'blobs'",
      [ann.tenant],
    );
    expect(rows).toEqual([]);
  });

  test('shows it in the form of that team alone, where a person owns several', async () => {
    const other = newId('tenant');
    await asOperator(stack.ownerUrl, (operator) =>
      operator.provisionTenant({
        ...{ tenant: other, tenantName: 'Other', user: ann.user, email: ann.email },
        ...{ userName: 'Ann', role: 'owner' },
      }),
    );
    const typed = { kind: 's3', url: 'https://typed.example.org/log/' };
    const page = await (await owner.submit(PATH, `/audit/${other}/sinks`, typed)).text();
    const formOf = (tenant: string) =>
      new RegExp(
        `<details class="confirm"([^>]*)>(?:(?!<details)[^])*?action="/audit/${tenant}/sinks"[^]*?</form>`,
      )
        .exec(page)
        ?.slice(0, 2) ?? [];
    const [[form, opened], [foreign, openedForeign]] = [formOf(other), formOf(ann.tenant)];
    expect([form?.includes(typed.url), opened]).toEqual([true, ' open']);
    expect([foreign?.includes(typed.url), openedForeign]).toEqual([false, '']);
  });
});
