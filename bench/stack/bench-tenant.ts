import { asOperator } from '../../cli/database/operator.ts';
import { mintToken } from '../../cli/identity/mint-token.ts';
import { newId, type TenantId, type TokenId, type UserId } from '../../protocol/ids.ts';
import { ALL_SCOPES } from '../../worker/tenants/scopes.ts';

const TOKEN_LIFETIME_MS = 60 * 60_000;

/** A tenant of the benchmark's own, with as many credentials as it needs to stay below every rate limit. */
export interface BenchTenant {
  readonly tenant: TenantId;
  readonly user: UserId;
  readonly tokens: readonly string[];
  /** Makes further tokens, which nobody has used. */
  mint(count: number): Promise<readonly string[]>;
  /** Revokes the tokens. The tenant stays, as a tenant does. */
  close(): Promise<void>;
}

/** Settles a tenant with tokens in the running stack, as its operator would: no limit is lifted for a benchmark. */
export async function openBenchTenant(ownerUrl: string, tokenCount: number): Promise<BenchTenant> {
  const tenant = newId('tenant');
  const user = await asOperator(ownerUrl, (operator) =>
    operator.provisionTenant({
      tenant,
      tenantName: 'Benchmark',
      user: newId('user'),
      email: `bench-${tenant.slice(-10)}@development.example`,
      userName: 'Benchmark',
      role: 'owner',
    }),
  );
  const made: TokenId[] = [];
  const mint = (count: number) =>
    asOperator(ownerUrl, async (operator) => {
      const expiresAt = new Date(Date.now() + TOKEN_LIFETIME_MS);
      const wish = { tenant, user, name: 'bench', scopes: ALL_SCOPES, roleCeiling: null, expiresAt };
      const texts: string[] = [];
      while (texts.length < count) {
        const { id, text } = await mintToken(operator, wish);
        made.push(id);
        texts.push(text);
      }
      return texts;
    });
  return {
    tenant,
    user,
    tokens: await mint(tokenCount),
    mint,
    close: () =>
      asOperator(ownerUrl, async (operator) => {
        for (const id of made) await operator.revokeToken(id);
      }),
  };
}
