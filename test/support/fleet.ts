import { asOperator } from '../../cli/database/operator.ts';
import { type PoolStatus, tellFleet } from '../../cli/identity/tell-fleet.ts';
import { type ExecutorId, type Id, newId, type TenantId } from '../../protocol/ids.ts';
import type { Labels } from '../../protocol/labels.ts';
import type { TestStack } from './stack.ts';

export const PLATFORM_POOL = 'pol_00000000000000000000000000' as Id<'pool'>;

/** What an operator does with executors, as `./causeway executor` does it. */
export function operatorOf(stack: TestStack) {
  const { ownerUrl, publicUrl } = stack;
  const look = async (pool: Id<'pool'> | null): Promise<PoolStatus> => {
    const status = pool && (await tellFleet(ownerUrl, publicUrl, pool));
    if (status === null) throw new Error('the Worker did not heed the operator');
    return status;
  };
  return {
    look,
    async makePool(owner: TenantId | null, name: string): Promise<Id<'pool'>> {
      const id = newId('pool');
      await asOperator(ownerUrl, (operator) => operator.createPool({ id, owner, name }));
      return id;
    },
    cordon: async (executor: string, cordoned: boolean) =>
      look(
        await asOperator(ownerUrl, (operator) => operator.cordonExecutor(executor as ExecutorId, cordoned)),
      ),
    /** In the database alone: the Worker is not told. */
    revokeSilently: (executor: string) =>
      asOperator(ownerUrl, (operator) => operator.revokeExecutor(executor as ExecutorId)),
    revoke: async (executor: string) =>
      look(await asOperator(ownerUrl, (operator) => operator.revokeExecutor(executor as ExecutorId))),
    place: (
      tenant: TenantId,
      wish: {
        placement?: { pool?: string; labels?: Labels };
        ownHostsOnly?: boolean;
        project?: string;
      },
    ) =>
      asOperator(ownerUrl, (operator) =>
        operator.place({
          tenant,
          project: wish.project ?? null,
          placement: wish.placement ?? null,
          ownHostsOnly: wish.ownHostsOnly ?? null,
        }),
      ),
  };
}
