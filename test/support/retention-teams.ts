import type { TenantId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import type { Query } from '../../worker/database/query.ts';
import { claimBlobs, expireRows, judgeBlobs } from '../../worker/database/retention.ts';
import { type Ask, agedRecords, sha256Of } from './aged-records.ts';
import type { TestDatabase } from './database.ts';
import { furnishProject } from './project-world.ts';
import { settle } from './tenants.ts';

/** Teams with a project, into which may be put what is so many days old. */
export function teamsOf(database: TestDatabase, client: Database) {
  const seen: Ask = (sql, values = []) => database.asSuperuser(sql, values);
  const ask = async <Result>(question: Query<Result>): Promise<Result> =>
    (await client.transaction([question] as const))[0];

  async function settleTeam(tenant: string) {
    const who = await settle(database.asOwner, { person: 'Ann', tenant });
    const plan = await furnishProject(database.asSuperuser, who, { name: 'Plan' });
    return {
      ...who,
      who,
      plan,
      ...agedRecords(seen, who, plan),
      ...retentionOf(who.tenantId),
      ...whatIsLeft(who.tenantId),
    };
  }

  /** What the operator and the sweep of a day do to a team. */
  function retentionOf(tenantId: TenantId) {
    /** As the sweep does that finds these texts in the store. */
    const judge = (...stored: readonly string[]) =>
      ask(judgeBlobs(tenantId, { listed: stored.map(sha256Of), until: null }));
    return {
      keep: (wish: object) =>
        database.asOwner('select app.set_retention($1, $2)', [tenantId, JSON.stringify(wish)]),
      expire: () => ask(expireRows(tenantId, 100)),
      judge,
      async claim() {
        await judge();
        return ask(claimBlobs(tenantId, 100));
      },
      /** Texts of which the blobs may go. */
      waiting: async (...texts: readonly string[]) => {
        const rows = await seen('select sha256 from app.blobs_to_remove where tenant_id = $1', [tenantId]);
        return texts.filter((text) => rows.some(({ sha256 }) => sha256 === sha256Of(text)));
      },
      /** Lets so much time have passed since blobs were found to be named by nothing, or claimed. */
      age: (interval: string) =>
        seen(
          `update app.blobs_to_remove set found_at = found_at - $2::interval, claimed_at = claimed_at - $2::interval,
                                       unnamed_at = unnamed_at - $2::interval
          where tenant_id = $1`,
          [tenantId, interval],
        ),
    };
  }

  function whatIsLeft(tenantId: TenantId) {
    return {
      isThere: async (table: string, column: string, value: string) =>
        (await seen(`select from app.${table} where tenant_id = $1 and ${column} = $2`, [tenantId, value]))
          .length > 0,
      outcomeOf: async (run: string) =>
        (await seen('select outcome from app.runs where run_id = $1', [run]))[0]?.outcome as Record<
          string,
          unknown
        >,
      events: () =>
        seen(
          `select action, credential_kind, details from app.audit_events
          where tenant_id = $1 and action in ('tenant.expire', 'tenant.remove_blobs') order by position`,
          [tenantId],
        ),
    };
  }

  return { ask, seen, settleTeam };
}
