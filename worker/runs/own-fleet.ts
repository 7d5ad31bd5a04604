import { newId } from '../../protocol/ids.ts';
import { LIMITS, limit } from '../../protocol/limits.ts';
import { newSecret } from '../../protocol/secret.ts';
import { sha256Hex, utf8 } from '../blobs/sha256.ts';
import {
  cordonOwnExecutor,
  makeOwnJoinToken,
  makeOwnPool,
  type OwnFleet,
  placeOwnTenant,
  revokeOwnExecutor,
  selectOwnFleet,
} from '../database/own-fleet.ts';
import type { Placement } from '../database/placement.ts';
import type { Query } from '../database/query.ts';
import type { SqlAnswer } from '../database/refusal-data.ts';
import { withTenant } from '../database/with-tenant.ts';
import { Refusal } from '../http/refusal.ts';
import type { Platform } from '../platform.ts';
import type { Principal } from '../tenants/principal.ts';
import { poolOf } from './pool-of.ts';

/** What an admin or owner does with the hosts of their tenant. Each throws refusals; the database decides who may. */

export async function showOwnFleet(platform: Platform, principal: Principal): Promise<OwnFleet> {
  const [fleet] = await withTenant(platform.database, principal, [selectOwnFleet()] as const);
  if (fleet === null) throw lowRole();
  return fleet;
}

export async function createOwnPool(platform: Platform, principal: Principal, name: string): Promise<string> {
  const pool = newId('pool');
  await asked(platform, principal, makeOwnPool(pool, name, limit('tenant_pools')));
  return pool;
}

export async function createOwnJoinToken(platform: Platform, principal: Principal, pool: string) {
  const token = `join_${newSecret()}`;
  const sha256 = await sha256Hex(utf8(token));
  const { expires_at } = await asked(
    platform,
    principal,
    makeOwnJoinToken(pool, sha256, limit('join_token_lifetime_ms')),
  );
  return { join_token: token, expires_at };
}

/** How many runs it still has. */
export async function cordonOwn(
  platform: Platform,
  principal: Principal,
  wish: { readonly executor: string; readonly cordoned: boolean },
): Promise<number> {
  const { pool } = await asked(platform, principal, cordonOwnExecutor(wish.executor, wish.cordoned));
  const { executors } = await poolOf(platform.env, pool).sweep(pool);
  return executors.find(({ executor }) => executor === wish.executor)?.held ?? 0;
}

export async function revokeOwn(platform: Platform, principal: Principal, executor: string): Promise<void> {
  const { pool } = await asked(platform, principal, revokeOwnExecutor(executor));
  await poolOf(platform.env, pool).sweep(pool);
}

export async function placeOwn(
  platform: Platform,
  principal: Principal,
  wish: {
    readonly project: string | null;
    readonly placement: Placement | null;
    readonly ownHostsOnly: boolean | null;
  },
): Promise<void> {
  await asked(platform, principal, placeOwnTenant(wish.project, wish.placement, wish.ownHostsOnly));
}

async function asked<Result>(
  platform: Platform,
  principal: Principal,
  question: Query<SqlAnswer<Result>>,
): Promise<Result> {
  const [answer] = await withTenant(platform.database, principal, [question] as const);
  if (answer.ok) return answer;
  throw refuse(answer);
}

function refuse({ code, details }: Extract<SqlAnswer<object>, { ok: false }>): Refusal {
  switch (code) {
    case 'insufficient_role':
      return lowRole();
    case 'already_exists':
      return new Refusal('already_exists', 'The tenant has a pool of this name.');
    case 'limit_exceeded':
      return new Refusal('limit_exceeded', `A tenant has at most ${LIMITS.tenant_pools.value} pools.`, {
        details: { limit: 'tenant_pools', value: LIMITS.tenant_pools.value },
      });
    case 'runs_unfinished':
      return new Refusal(
        'runs_unfinished',
        `${details?.runs} runs of the tenant wait or run on hosts of the platform.`,
        { hint: 'Wait until they have ended, or cancel them.', details: { runs: details?.runs } },
      );
    default:
      return new Refusal('not_found', 'The tenant has no such pool, executor or project.');
  }
}

function lowRole(): Refusal {
  return new Refusal('insufficient_role', 'Only a signed-in admin or owner manages the hosts of a tenant.');
}
