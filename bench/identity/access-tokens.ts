import { z } from 'zod';
import type { Place } from './browser.ts';
import type { Agent } from './open-agent.ts';

/** Access tokens live for ten minutes; a slow machine measures for longer. */
const RENEW_AFTER_MS = 5 * 60_000;

export const tokenResponse = z.object({ access_token: z.string(), refresh_token: z.string() });
type Tokens = z.infer<typeof tokenResponse>;

/** Tokens of as many grants, which take turns so that each stays below its rate limit. */
export interface GrantedTokens {
  access(): readonly string[];
  /** Of the first grants; what refreshes them goes on by itself. */
  readonly refresh: readonly string[];
  /** Makes new ones of new grants where the access tokens would soon expire. */
  renew(): Promise<void>;
}

export async function openGrants(place: Place, agent: Agent, count: number): Promise<GrantedTokens> {
  const grant = async (): Promise<readonly Tokens[]> => {
    const codes = await agent.authorize(count);
    return Promise.all(codes.map((code) => exchange(place, agent.exchangeOf(code))));
  };
  let tokens = await grant();
  let grantedAt = performance.now();
  return {
    access: () => tokens.map(({ access_token }) => access_token),
    refresh: tokens.map(({ refresh_token }) => refresh_token),
    async renew() {
      if (performance.now() - grantedAt < RENEW_AFTER_MS) return;
      tokens = await grant();
      grantedAt = performance.now();
    },
  };
}

async function exchange({ port }: Place, fields: Readonly<Record<string, string>>): Promise<Tokens> {
  const body = new URLSearchParams(fields);
  const response = await fetch(`http://127.0.0.1:${port}/oauth/token`, { method: 'POST', body });
  return tokenResponse.parse(await response.json());
}
