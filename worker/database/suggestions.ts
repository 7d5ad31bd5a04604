import { type Query, query, type Row } from './query.ts';

/** Names of projects in use that begin so, without regard to case, by name. */
export function selectProjectNames(prefix: string, limit: number): Query<readonly string[]> {
  return query(
    `select name as value from app.projects
      where archived_at is null and starts_with(lower(name), lower($1)) order by lower(name) limit $2`,
    [prefix, limit],
    readValues,
  );
}

/** Ids of commits of a project that begin so, newest first; none where the project is absent. */
export function selectCommitIds(project: string, prefix: string, limit: number): Query<readonly string[]> {
  return query(
    `select commit_id as value from app.commits
      where project_id = app.project_id($1) and starts_with(commit_id, $2) order by position desc limit $3`,
    [project, prefix, limit],
    readValues,
  );
}

/** Ids of runs that begin so, newest first; of one project where it is named. */
export function selectRunIds(
  project: string | null,
  prefix: string,
  limit: number,
): Query<readonly string[]> {
  return query(
    `select run_id as value from app.runs
      where starts_with(run_id, $2) and ($1::text is null or project_id = app.project_id($1))
      order by run_id desc limit $3`,
    [project, prefix, limit],
    readValues,
  );
}

function readValues(rows: readonly Row[]): readonly string[] {
  return rows.map(({ value }) => value as string);
}
