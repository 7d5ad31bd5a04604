import { queryAs } from './query-as.ts';
import type { TestStack } from './stack.ts';

/**
 * Has Postgres count how often the Worker enters a tenant: each of its database requests for a tenant enters once. What
 * the request log writes once a second is no request of a call. The Worker's connections are ended, because they count
 * from their login on; they are gone when this returns, so that no call meets one that dies under it.
 *
 * @returns asks for the count; Postgres publishes it within a second
 */
export async function countEntries({ superuserUrl }: TestStack): Promise<() => Promise<number>> {
  await queryAs(superuserUrl, "alter role causeway_app set track_functions = 'pl'");
  await queryAs(
    superuserUrl,
    "select pg_terminate_backend(pid, 10000) from pg_stat_activity where usename = 'causeway_app'",
  );
  return async () => {
    const [row] = await queryAs(
      superuserUrl,
      `select coalesce(sum(case funcname when 'enter' then calls else -calls end), 0)::int as calls
         from pg_stat_user_functions where schemaname = 'app' and funcname in ('enter', 'system_record_token_uses')`,
    );
    return row?.calls as number;
  };
}
