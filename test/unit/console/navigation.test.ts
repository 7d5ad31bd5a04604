import { expect, test } from 'vitest';
import { pagesFor } from '../../../worker/console/navigation.ts';
import type { TenantRole } from '../../../worker/tenants/roles.ts';

const OF_ALL = ['/account', '/projects', '/agents', '/tokens', '/requests', '/members'];

test.each([
  ['nobody’s member', [], ['/account']],
  ['a viewer', ['viewer'], OF_ALL],
  ['a member', ['member'], OF_ALL],
  ['an admin', ['admin'], [...OF_ALL, '/invitations', '/audit']],
  [
    'an owner of one team and viewer of another',
    ['viewer', 'owner'],
    [...OF_ALL, '/invitations', '/audit', '/teams'],
  ],
] as const)('%s is led to the pages of use to them', (_who, roles, paths) => {
  const tenants = roles.map((role: TenantRole, index) => ({ tenantId: `ten_${index}`, name: 'Team', role }));
  expect(pagesFor(tenants).map(({ path }) => path)).toEqual(paths);
});
