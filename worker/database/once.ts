import type { Idempotency } from '../tenants/idempotency.ts';
import type { Principal } from '../tenants/principal.ts';
import type { Database } from './database.ts';
import { SeenBefore } from './errors.ts';
import { type Query, query, readNothing } from './query.ts';
import type { SqlAnswer } from './refusal-data.ts';
import { withTenant } from './with-tenant.ts';

/** What {@link once} gives: the answer, and whether an earlier call with the same key gave it. */
export type OnceAnswer<Result> = SqlAnswer<Result & { readonly replayed?: boolean }>;

/**
 * Runs a statement of `callFunction` once for its idempotency key, in one transaction of the entered tenant: looks the
 * key up, does the work, and remembers the answer with `known` beside it where it was done; neither may hold a secret. Of
 * two calls that race, one does the work and the other is answered as its repetition. Without a key it only runs.
 */
export async function once<Result extends object, Known extends object>(
  database: Database,
  principal: Principal,
  idempotency: Idempotency | null,
  work: Query<SqlAnswer<Result>>,
  known: Known,
): Promise<OnceAnswer<Result & Known>> {
  const run = async (): Promise<SqlAnswer<Result>> => {
    if (idempotency === null) return (await withTenant(database, principal, [work] as const))[0];
    const statements = [stopIfSeen(idempotency), remembered(work, idempotency, known)] as const;
    return (await withTenant(database, principal, statements))[1];
  };
  try {
    const answer = await run();
    return answer.ok ? { ...answer, ...known } : answer;
  } catch (error) {
    if (error instanceof SeenBefore) return error.answer as OnceAnswer<Result & Known>;
    throw error;
  }
}

function stopIfSeen(idempotency: Idempotency): Query<void> {
  return query('select app.stop_if_seen($1)', [JSON.stringify(idempotency)], readNothing);
}

/** The same statement, which remembers its answer where the work was done. */
function remembered<Result>(
  work: Query<SqlAnswer<Result>>,
  idempotency: Idempotency,
  known: object,
): Query<SqlAnswer<Result>> {
  const [key, value] = [work.params.length + 1, work.params.length + 2];
  return query(
    `with done as materialized (${work.text})
     select answer, case when (answer ->> 'ok')::boolean then app.remember($${key}, answer || $${value}) end from done`,
    [...work.params, JSON.stringify(idempotency), JSON.stringify(known)],
    work.read,
  );
}
