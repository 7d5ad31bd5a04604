import { asOperator } from '../../cli/database/operator.ts';
import { hashSecret } from '../../cli/identity/hash-secret.ts';
import { newId, type TenantId, type UserId } from '../../protocol/ids.ts';
import { newSecret } from '../../protocol/secret.ts';

/** People of the benchmark's tenant who can sign in, all with one password that exists only in this process. */
export interface People {
  readonly emails: readonly string[];
  readonly password: string;
  /** The PHC string of that password. */
  readonly hash: string;
  /** Ends their sessions and leaves them passwords that nobody knows. */
  close(): Promise<void>;
}

export async function openPeople(ownerUrl: string, tenant: TenantId, count: number): Promise<People> {
  const password = newSecret();
  const hash = await hashSecret(password);
  const emails = Array.from({ length: count }, (_, nth) => `bench-${tenant.slice(-10)}-${nth}@example.org`);
  const users = await asOperator(ownerUrl, async (operator) => {
    const made: UserId[] = [];
    for (const email of emails) {
      const person = { user: newId('user'), email, userName: 'Benchmark', role: 'member' };
      const user = await operator.provisionTenant({ tenant, tenantName: 'Benchmark', ...person });
      await operator.setPassword(user, hash);
      made.push(user);
    }
    return made;
  });
  return {
    emails,
    password,
    hash,
    close: async () => {
      const nobodyKnows = await hashSecret(newSecret());
      await asOperator(ownerUrl, async (operator) => {
        for (const user of users) await operator.setPassword(user, nobodyKnows);
      });
    },
  };
}
