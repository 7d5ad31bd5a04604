import { asOperator } from '../../cli/database/operator.ts';
import { mintToken } from '../../cli/identity/mint-token.ts';
import { newId, type TenantId, type UserId } from '../../protocol/ids.ts';
import { ALL_SCOPES } from '../../worker/mcp/scopes.ts';

const TOKEN_LIFETIME_MS = 60 * 60_000;

/** A tenant of the benchmark's own, with as many credentials as it needs to stay below every rate limit. */
export interface BenchTenant {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly tokens: readonly string[];
  /** Revokes the tokens. The tenant stays, as a tenant does. */
  close(): Promise<void>;
}

/** Settles a tenant with tokens in the running stack, as its operator would: no limit is lifted for a benchmark. */
export async function openBenchTenant(ownerUrl: string, tokenCount: number): Promise<BenchTenant> {
  const tenant = newId('tenant');
  const { user, minted } = await asOperator(ownerUrl, async (operator) => {
    const user = await operator.provisionTenant({
      tenant,
      tenantName: 'Benchmark',
      user: newId('user'),
      email: `bench-${tenant.slice(-10)}@development.example`,
      userName: 'Benchmark',
      role: 'owner',
    });
    const expiresAt = new Date(Date.now() + TOKEN_LIFETIME_MS);
    const wish = { tenant, user, name: 'bench', scopes: ALL_SCOPES, roleCeiling: null, expiresAt };
    const tokens: { id: Awaited<ReturnType<typeof mintToken>>['id']; text: string }[] = [];
    while (tokens.length < tokenCount) tokens.push(await mintToken(operator, wish));
    return { user, minted: tokens };
  });
  return {
    tenant,
    user,
    tokens: minted.map(({ text }) => text),
    close: () =>
      asOperator(ownerUrl, async (operator) => {
        for (const { id } of minted) await operator.revokeToken(id);
      }),
  };
}
