import { createHash } from 'node:crypto';
import { newId } from '../../protocol/ids.ts';
import type { Database } from '../../worker/database/database.ts';
import type { Query } from '../../worker/database/query.ts';
import { claimBlobs, expireRows, judgeBlobs } from '../../worker/database/retention.ts';
import type { TestDatabase } from './database.ts';
import { type FurnishedProject, furnishProject } from './project-world.ts';
import { type Inhabitant, settle } from './tenants.ts';

export const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');
/** Too long for what an outcome itself quotes here, so it is a blob. */
export const LONG = 'a line that is longer than ten';

/** Teams with a project, into which may be put what is so many days old. */
export function teamsOf(database: TestDatabase, client: Database) {
  const seen = (sql: string, values: readonly unknown[] = []) => database.asSuperuser(sql, values);
  const ask = async <Result>(question: Query<Result>): Promise<Result> =>
    (await client.transaction([question] as const))[0];
  async function settleTeam(tenant: string) {
    const who = await settle(database.asOwner, { person: 'Ann', tenant });
    const plan = await furnishProject(database.asSuperuser, who, { name: 'Plan' });
    return { ...who, who, plan, ...worldOf(who, plan) };
  }

  function worldOf({ tenantId, userId }: Inhabitant, { project, source }: FurnishedProject) {
    const stream = (text: string) => ({
      ...{ inline: text.slice(0, 10), bytes: text.length, kept_bytes: text.length, truncated: false },
      sha256: text.length > 10 ? sha256Of(text) : null,
    });
    /** As the sweep of a day does that finds these texts in the store. */
    const judge = (...stored: readonly string[]) =>
      ask(judgeBlobs(tenantId, { listed: stored.map(sha256Of), until: null }));
    return {
      /** A run that ended so many days ago; or (null) is active. */
      async run(
        days: number | null,
        made: {
          readonly printed?: string;
          readonly left?: readonly string[];
          readonly data?: readonly string[];
          readonly code?: string;
          readonly parameters?: Readonly<Record<string, unknown>>;
        } = {},
      ): Promise<string> {
        const run = newId('run');
        const outcome = {
          state: 'succeeded',
          message: `Said ${made.printed}`,
          error: null,
          stdout: stream(made.printed ?? ''),
          stderr: stream(''),
          outputs: (made.left ?? []).map((text) => ({
            ...{ name: `${text}.txt`, bytes: text.length, media_type: 'text/plain', sha256: sha256Of(text) },
          })),
        };
        const manifest = {
          files: [{ path: 'm.py', sha256: sha256Of(made.code ?? 'code'), bytes: 4 }],
          data: (made.data ?? []).map((text) => ({ name: 'sales', source, sha256: sha256Of(text) })),
          parameters: made.parameters ?? {},
        };
        await seen(
          `insert into app.runs (tenant_id, run_id, project_id, pool_id, kind, entry, manifest, manifest_sha256, created_by)
         values ($1, $2, $3, 'pol_00000000000000000000000000', 'model', 'm.py', $4, $5, $6)`,
          [tenantId, run, project, JSON.stringify(manifest), sha256Of(run), userId],
        );
        if (days !== null)
          await seen(
            `update app.runs set state = 'succeeded', outcome = $2, finished_at = clock_timestamp() - make_interval(days => $3)
            where run_id = $1`,
            [run, JSON.stringify(outcome), days],
          );
        return run;
      },
      /** A snapshot of the project's source, which is another than the current one since so many days. */
      async superseded(text: string, days: number, origin: object = { kind: 'text' }): Promise<void> {
        await seen(
          `insert into app.data_snapshots (tenant_id, project_id, source_id, sha256, format, bytes, row_count, description, origin, created_by, superseded_at)
         values ($1, $2, $3, $4, 'csv', 3, 1, '{"describer": "x"}', $5, $6, clock_timestamp() - make_interval(days => $7))`,
          [tenantId, project, source, sha256Of(text), JSON.stringify(origin), userId, days],
        );
      },
      async upload(text: string, days: number): Promise<string> {
        const upload = newId('upload');
        await seen(
          `insert into app.uploads (tenant_id, upload_id, project_id, name, format, bytes, created_by, expires_at, received_sha256, received_at)
         values ($1, $2, $3, 'sent', 'csv', 3, $4, now(), $5, clock_timestamp() - make_interval(days => $6))`,
          [tenantId, upload, project, userId, sha256Of(text), days],
        );
        return upload;
      },
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
