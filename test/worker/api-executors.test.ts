import { beforeAll, describe, expect, test } from 'vitest';
import { type ApiClient, apiSession } from '../support/api.ts';
import { playExecutor } from '../support/played-executor.ts';
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

describe('an admin of a tenant', () => {
  test('lets a host of its own join, cordons it, and cuts it off at once', async () => {
    const { pool } = await owner.get<{ pool: string }>('createPool', {
      ...inTenant(),
      body: { name: 'cellar' },
    });
    expect((await owner.call('createPool', { ...inTenant(), body: { name: 'cellar' } })).status).toBe(409);
    const { join_token } = await owner.get<{ join_token: string }>('createJoinToken', inTenant({ pool }));
    const host = await playExecutor(stack, { joinToken: join_token, labels: { region: 'eu' } });
    expect(await host.connect()).toBe('welcome');
    await expect(playExecutor(stack, { joinToken: join_token })).rejects.toThrow('401');

    const ofHost = inTenant({ executor: host.id });
    expect(await owner.get('changeExecutor', { ...ofHost, body: { cordoned: true } })).toEqual({
      executor: host.id,
      cordoned: true,
      held: 0,
    });
    expect(await owner.get('listExecutors', inTenant())).toMatchObject({
      own_hosts_only: false,
      pools: [{ pool, name: 'cellar' }],
      executors: [
        {
          executor: host.id,
          pool,
          labels: { region: 'eu' },
          connected: true,
          cordoned_at: expect.any(String),
        },
      ],
    });
    expect((await owner.call('revokeExecutor', ofHost)).status).toBe(204);
    expect(await host.untilClosed()).toBe(4002);
    expect((await owner.call('revokeExecutor', ofHost)).status).toBe(404);
  });

  test('says where its runs go, as long as none is elsewhere', async () => {
    const body = { placement: { labels: { region: 'eu' } }, own_hosts_only: true };
    expect((await owner.call('placeTenant', { ...inTenant(), body })).status).toBe(204);
    expect(await owner.get('listExecutors', inTenant())).toMatchObject(body);
    const left = { ...inTenant(), body: { own_hosts_only: false } };
    expect((await owner.call('placeTenant', left)).status).toBe(204);
    expect(await owner.get('listExecutors', inTenant())).toMatchObject({ ...body, own_hosts_only: false });
  });
});
