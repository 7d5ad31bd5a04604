import { createHash } from 'node:crypto';
import { newId } from '../../protocol/ids.ts';
import type { FurnishedProject } from './project-world.ts';
import type { Inhabitant } from './tenants.ts';

export type Ask = (sql: string, values?: readonly unknown[]) => Promise<readonly Record<string, unknown>[]>;

export const sha256Of = (text: string) => createHash('sha256').update(text).digest('hex');
/** Too long for what an outcome itself quotes here, so it is a blob. */
export const LONG = 'a line that is longer than ten';

/** Puts records into a team's project that are so many days old; `seen` asks as the superuser. */
export function agedRecords(
  seen: Ask,
  { tenantId, userId }: Inhabitant,
  { project, source }: FurnishedProject,
) {
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
  };
}

function stream(text: string) {
  return {
    ...{ inline: text.slice(0, 10), bytes: text.length, kept_bytes: text.length, truncated: false },
    sha256: text.length > 10 ? sha256Of(text) : null,
  };
}
