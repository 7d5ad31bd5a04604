import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiSession } from '../support/api.ts';
import { codeOf } from '../support/api-callers.ts';
import { callTool } from '../support/mcp-call.ts';
import { queryAs } from '../support/query-as.ts';
import { sharedStack } from '../support/shared-stack.ts';
import { type Account, settleAccount } from '../support/visitor.ts';

const stack = sharedStack();
let ann: Account;
let owner: ApiClient;
const inTenant = (more: Record<string, string> = {}) => ({ params: { tenant: ann.tenant, ...more } });

beforeAll(async () => {
  ann = await settleAccount(stack, { name: 'Ann' });
  owner = await apiSession(stack, ann);
});

describe('by the management API', () => {
  test('an admin has agents see less of data and of all data that comes, and more again', async () => {
    const { structured } = await callTool<{ project: string }>(stack, ann.token, 'create_project', {
      name: 'Pay',
    });
    const { project } = structured;
    const importing = async (name: string) => {
      const made = await callTool(stack, ann.token, 'import_data', {
        project,
        name,
        format: 'csv',
        text: 'eur\n5\n',
      });
      return made.structured.agent_sees;
    };
    expect(await importing('pay')).toBe('full');
    const ofPay = inTenant({ project, source: 'pay' });
    const described = async () =>
      (await callTool(stack, ann.token, 'describe_data', { project, name: 'pay' })).structured;
    const less = { body: { agent_sees: 'schema_only' } };

    expect(await owner.get('setDataAgentSees', { ...ofPay, ...less })).toEqual({
      ...less.body,
      changed: true,
    });
    expect(await owner.get('setDataAgentSees', { ...ofPay, ...less })).toEqual({
      ...less.body,
      changed: false,
    });
    expect(await described()).toMatchObject({ agent_sees: 'schema_only', row_count: null, sample: [] });
    // A person sees all of it.
    expect(await owner.get('listProjectData', inTenant({ project }))).toMatchObject({
      ...{ agent_sees: 'full', total: 1, truncated: false, cursor: null },
      data: [{ name: 'pay', agent_sees: 'schema_only', row_count: 1, sha256: expect.any(String) }],
    });
    const more = { body: { agent_sees: 'full' } };
    expect(await owner.get('setDataAgentSees', { ...ofPay, ...more })).toEqual({
      ...more.body,
      changed: true,
    });
    expect(await described()).toMatchObject({ agent_sees: 'full', row_count: 1 });

    await owner.get('setProjectAgentSees', { ...inTenant({ project }), ...less });
    expect(await importing('second')).toBe('schema_only');
    await owner.get('setProjectAgentSees', { ...inTenant({ project }), ...more });
    await owner.get('setAgentSees', { ...inTenant(), ...less });
    expect(await owner.get('getAgentSees', inTenant())).toEqual(less.body);
    expect(await importing('third')).toBe('schema_only');
    expect(
      (await owner.get('listProjectData', { ...inTenant({ project }), query: { limit: '2' } })) as object,
    ).toMatchObject({ total: 3, truncated: true, data: [{ name: 'pay' }, { name: 'second' }] });

    const absent = { ...inTenant({ project, source: 'nothing' }), ...less };
    expect((await owner.call('setDataAgentSees', absent)).status).toBe(404);
  });

  test('an owner who writes the name of a tenant has it deleted, finds it, and takes that back', async () => {
    const [row] = await queryAs(stack.superuserUrl, 'select name from app.tenants where tenant_id = $1', [
      ann.tenant,
    ]);
    const body = { name: String(row?.name), reason: 'we move' };
    const wrong = await owner.call('requestDeletion', { ...inTenant(), body: { name: 'Acme Ltd' } });
    expect(codeOf(wrong)).toEqual({ status: 400, code: 'invalid_arguments' });
    const { due_at } = await owner.get<{ due_at: string }>('requestDeletion', { ...inTenant(), body });
    expect((await owner.call('getTenant', inTenant())).status).toBe(403);
    const { deletions } = await owner.get<{ deletions: { due_at: string }[] }>('listDeletions');
    expect(deletions).toMatchObject([{ tenant: ann.tenant, name: body.name, by_operator: false }]);
    expect(Date.parse(deletions[0]?.due_at ?? '')).toBe(Date.parse(due_at));

    const other = await apiSession(stack, await settleAccount(stack, { name: 'Mallory' }));
    expect(await other.get('listDeletions')).toEqual({ deletions: [] });
    expect((await other.call('takeBackDeletion', inTenant())).status).toBe(404);
    expect((await owner.call('takeBackDeletion', inTenant())).status).toBe(204);
    expect((await owner.call('getTenant', inTenant())).status).toBe(200);
    expect((await owner.call('takeBackDeletion', inTenant())).status).toBe(404);
  });
});
