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

/** When the entered credential ends by itself, as milliseconds since 1970; null where it does not. */
export function selectCredentialEnd(): Query<number | null> {
  return query(
    `select extract(epoch from nullif(coalesce(k.expires_at, g.expires_at), 'infinity')) * 1000 as ends_at
       from (select app.context() as caller) as c
       left join app.api_tokens as k on c.caller ->> 'kind' = 'api_token' and k.token_id = c.caller ->> 'credential'
       left join app.oauth_grants as g on c.caller ->> 'kind' = 'oauth' and g.grant_id = c.caller ->> 'credential'`,
    [],
    (rows) => {
      const { ends_at: endsAt } = onlyRow(rows);
      return endsAt === null ? null : Number(endsAt);
    },
  );
}
