import { onlyRow, type Query, query } from './query.ts';

/** Which of some projects and runs whoever has entered may see. */
export interface Visible {
  /** Names by id. */
  readonly projects: ReadonlyMap<string, string>;
  readonly runs: ReadonlySet<string>;
}

/** Asks row security, which decides for this moment: what a change is about may have been hidden since. */
export function selectVisible(projects: readonly string[], runs: readonly string[]): Query<Visible> {
  return query(
    `select (select coalesce(jsonb_object_agg(p.project_id, p.name), '{}') from app.projects as p where p.project_id = any($1)) as projects,
            array(select r.run_id::text from app.runs as r where r.run_id = any($2)) as runs`,
    [projects, runs],
    (rows) => {
      const row = onlyRow(rows);
      return {
        projects: new Map(Object.entries(row.projects as Record<string, string>)),
        runs: new Set(row.runs as string[]),
      };
    },
  );
}
