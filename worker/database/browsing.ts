import { type Query, query } from './query.ts';

/** What a project shows to somebody who looks around. */
export interface BrowsedProject {
  readonly project: string;
  readonly name: string;
  /** When its newest commit was made, or itself; ISO 8601. */
  readonly changedAt: string;
  readonly files: readonly { readonly path: string; readonly bytes: number }[];
  /** `rows` is null where the caller may not know them. */
  readonly sources: readonly { readonly name: string; readonly rows: number | null }[];
  /** The outputs of its newest run that left any which the caller may see, among the last 20. */
  readonly outputs: readonly {
    readonly run: string;
    readonly name: string;
    readonly type: string;
    readonly bytes: number;
  }[];
}

/**
 * Projects in use, the last changed first: those before a time and id, each with its README, models and notes, its data,
 * and what its newest run left, at most `each` of a kind.
 */
export function selectBrowsed(page: {
  readonly before: { readonly changedAt: string; readonly project: string } | null;
  readonly limit: number;
  readonly each: number;
}): Query<readonly BrowsedProject[]> {
  return query(
    `select p.project_id, p.name, p.changed_at,
            (select coalesce(jsonb_agg(jsonb_build_object('path', path, 'bytes', bytes) order by rank, path), '[]') from (
               select f.key as path, (f.value ->> 'bytes')::int as bytes,
                      case when f.key ~* '^readme[.]md$' then 0 when f.key like '%.py' then 1 else 2 end as rank
                 from jsonb_each(t.files) as f where f.key ~ '[.](py|md)$' order by rank, path limit $4) as shown) as files,
            (select coalesce(jsonb_agg(jsonb_build_object('name', name, 'rows', row_count) order by name), '[]') from (
               select d.name, case when app.sight(d.agent_sees, s.derived) = 'all' then s.row_count end as row_count
                 from app.data_sources as d join app.data_snapshots as s
                   on s.project_id = d.project_id and s.source_id = d.source_id and s.sha256 = d.current_sha256
                where d.project_id = p.project_id order by d.name limit $4) as shown) as sources,
            (select coalesce(jsonb_agg(jsonb_build_object(
                      'run', r.run_id, 'name', o.value ->> 'name', 'type', o.value ->> 'media_type', 'bytes', (o.value ->> 'bytes')::int)
                      order by o.ordinality), '[]')
               from (select run_id, outcome
                       from (select * from app.runs where project_id = p.project_id order by run_id desc limit 20) as newest
                      where jsonb_array_length(outcome -> 'outputs') > 0 and (not withheld or (select app.is_in_session())) order by run_id desc limit 1) as r
                    cross join jsonb_array_elements(r.outcome -> 'outputs') with ordinality as o
              where o.ordinality <= $4) as outputs
       from (select *
               from (select p.project_id, p.name, c.tree_id,
                            to_char(coalesce(c.authored_at, p.created_at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as changed_at
                       from app.projects as p
                       left join app.commits as c on c.project_id = p.project_id and c.commit_id = p.head_commit
                      where p.archived_at is null) as used
              where $1::text is null or (changed_at, project_id) < ($1, $2)
              order by changed_at desc, project_id desc limit $3) as p
       left join app.trees as t on t.project_id = p.project_id and t.tree_id = p.tree_id
      order by p.changed_at desc, p.project_id desc`,
    [page.before?.changedAt ?? null, page.before?.project ?? null, page.limit, page.each],
    (rows) =>
      rows.map((row) => ({
        project: row.project_id as string,
        name: row.name as string,
        changedAt: row.changed_at as string,
        files: row.files as BrowsedProject['files'],
        sources: row.sources as BrowsedProject['sources'],
        outputs: row.outputs as BrowsedProject['outputs'],
      })),
  );
}
