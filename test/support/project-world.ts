import { newId, type ProjectId, type RunId } from '../../protocol/ids.ts';
import { type Query, query } from '../../worker/database/query.ts';
import { withTenant } from '../../worker/database/with-tenant.ts';
import type { Principal } from '../../worker/tenants/principal.ts';
import type { Ask, TestDatabase } from './database.ts';
import { type Inhabitant, settle } from './tenants.ts';

/** A project with one row in each table that hangs on it. */
export interface FurnishedProject {
  readonly project: ProjectId;
  readonly run: RunId;
  readonly source: string;
  readonly upload: string;
}

const COMMIT = 'c'.repeat(40);
const TREE = 'd'.repeat(40);
const SHA256 = 'a'.repeat(64);

/** Writes a project of `maker` as the superuser would, past every guard, so that tests find what guards let through. */
export async function furnishProject(
  asSuperuser: Ask,
  maker: Inhabitant,
  wish: { readonly name: string; readonly restricted?: boolean },
): Promise<FurnishedProject> {
  const { tenantId: tenant, userId: user } = maker;
  const [project, run, source, upload] = [newId('project'), newId('run'), newId('source'), newId('upload')];
  const own = [tenant, project];
  await asSuperuser(
    `insert into app.projects (tenant_id, project_id, name, restricted, created_by) values ($1, $2, $3, $4, $5)`,
    [...own, wish.name, wish.restricted ?? false, user],
  );
  await asSuperuser(
    `insert into app.trees (tenant_id, project_id, tree_id, files, file_count, bytes)
     values ($1, $2, $3, jsonb_build_object('model.py', jsonb_build_object('blob', repeat('e', 40), 'sha256', $4::text, 'bytes', 3)), 1, 3)`,
    [...own, TREE, SHA256],
  );
  await asSuperuser(
    `insert into app.commits (tenant_id, project_id, commit_id, tree_id, message, author_name, author_email, authored_at,
                              changes, created_by, position)
     values ($1, $2, $3, $4, 'First', 'Ann', 'ann@acme.example', now(), '[]', $5, 1)`,
    [...own, COMMIT, TREE, user],
  );
  await asSuperuser('update app.projects set head_commit = $3 where tenant_id = $1 and project_id = $2', [
    ...own,
    COMMIT,
  ]);
  await asSuperuser(
    `with source as (
       insert into app.data_sources (tenant_id, project_id, source_id, name, created_by, current_sha256)
       values ($1, $2, $3, 'sales', $4, $5))
     insert into app.data_snapshots (tenant_id, project_id, source_id, sha256, format, bytes, row_count, description, origin, created_by)
     values ($1, $2, $3, $5, 'csv', 3, 1, '{"describer": "x"}', '{"kind": "text"}', $4)`,
    [...own, source, user, SHA256],
  );
  await asSuperuser(
    `insert into app.uploads (tenant_id, upload_id, project_id, name, format, bytes, created_by, expires_at)
     values ($1, $3, $2, 'sent', 'csv', 3, $4, now() + interval '1 hour')`,
    [...own, upload, user],
  );
  await asSuperuser(
    `insert into app.runs (tenant_id, run_id, project_id, pool_id, kind, commit_id, entry, manifest, manifest_sha256, created_by)
     values ($1, $3, $2, 'pol_00000000000000000000000000', 'model', $5, 'model.py', '{"parameters": {}}', $6, $4)`,
    [...own, run, user, COMMIT, SHA256],
  );
  await asSuperuser(
    `insert into app.idempotency_keys (tenant_id, user_id, key, tool, arguments_sha256, result, project_id)
     values ($1, $3, 'key-of-' || $2::text, 'write_files', $4, '{"ok": true, "commit": "told"}', $2)`,
    [...own, user, SHA256],
  );
  return { project, run, source, upload };
}

/** A tenant with an open and a restricted project, each with one row in every table, and what tests ask about them. */
export interface ProjectWorld {
  /** Ann made both projects. On the restricted one Bob is editor, Vera viewer, and Mallory nothing: all are members. */
  readonly ann: Inhabitant;
  readonly bob: Inhabitant;
  readonly vera: Inhabitant;
  readonly mallory: Inhabitant;
  readonly secret: FurnishedProject;
  readonly open: FurnishedProject;
  /** Another person of the tenant. */
  readonly colleague: (person: string, role?: 'viewer' | 'member' | 'admin') => Promise<Inhabitant>;
  readonly give: (who: Inhabitant, project: FurnishedProject, role: string) => Promise<unknown>;
  /** The same person with a new token for these projects alone. */
  readonly boundTo: (who: Inhabitant, ...projects: FurnishedProject[]) => Promise<Inhabitant>;
  readonly as: <Result>(principal: Principal, asked: Query<Result>) => Promise<Result>;
  /** What somebody signed in is answered. */
  readonly asSignedIn: <Result>(who: Inhabitant, asked: Query<Result>) => Promise<Result>;
  /** How many rows of a project each table shows to SQL that a caller had injected. */
  readonly seen: (who: Inhabitant, project: FurnishedProject) => Promise<Record<string, number>>;
  readonly inEach: (n: number) => Record<string, number>;
}

export async function settleProjectWorld(database: TestDatabase): Promise<ProjectWorld> {
  const client = await database.open();
  const ann = await settle(database.asOwner, { person: 'Ann', tenant: 'Acme' });
  const { tenantId } = ann;
  const colleague: ProjectWorld['colleague'] = (person, role = 'member') =>
    settle(database.asOwner, { person, tenant: 'Acme', tenantId, role });
  const [bob, vera, mallory] = await Promise.all(['Bob', 'Vera', 'Mallory'].map((name) => colleague(name)));
  if (!bob || !vera || !mallory) throw new Error('nobody was settled');
  const tables = await projectTables(database.asSuperuser);
  const [secret, open] = await Promise.all([
    furnishProject(database.asSuperuser, ann, { name: 'Merger', restricted: true }),
    furnishProject(database.asSuperuser, ann, { name: 'Sales' }),
  ]);
  const give: ProjectWorld['give'] = (who, { project }, role) =>
    database.asSuperuser(
      `insert into app.project_members (tenant_id, project_id, user_id, role) values ($1, $2, $3, $4)
       on conflict (tenant_id, project_id, user_id) do update set role = excluded.role`,
      [who.tenantId, project, who.userId, role],
    );
  const as: ProjectWorld['as'] = async (principal, asked) => {
    const [result] = await withTenant(client, principal, [asked] as const);
    return result;
  };
  let sessions = 0;
  const asSignedIn: ProjectWorld['asSignedIn'] = async (who, asked) => {
    const id = newId('session');
    await database.asSuperuser(
      `insert into app.sessions (session_id, user_id, cookie_sha256, method, idle_until, expires_at)
       values ($1, $2, $3, 'password', now() + interval '1 hour', now() + interval '1 hour')`,
      [id, who.userId, (sessions++).toString(16).padStart(64, '0')],
    );
    return as({ ...who.principal, credential: { kind: 'session', id } }, asked);
  };
  await give(bob, secret, 'editor');
  await give(vera, secret, 'viewer');
  return {
    ...{ ann, bob, vera, mallory, secret, open, colleague, give, as, asSignedIn },
    boundTo: (who, ...projects) => bindToken(database, who, projects),
    async seen(who, { project }) {
      const counts = tables.map(async (table) => {
        const sql = `select count(*)::int as n from ${table} where project_id = $1`;
        return [
          table,
          await as(
            who.principal,
            query(sql, [project], ([row]) => row?.n as number),
          ),
        ] as const;
      });
      return Object.fromEntries(await Promise.all(counts));
    },
    inEach: (n) => Object.fromEntries(tables.map((table) => [table, n])),
  };
}

async function bindToken(
  database: TestDatabase,
  who: Inhabitant,
  projects: readonly FurnishedProject[],
): Promise<Inhabitant> {
  const tokenId = newId('token');
  const [made] = await database.asOwner(
    "select app.create_api_token($1, $2, $3, 'bound', $4, $5, null, null, null, $6) as answer",
    [
      ...[
        who.tenantId,
        tokenId,
        who.userId,
        `$argon2id$v=19$m=19456,t=2,p=1$${'A'.repeat(22)}$${'B'.repeat(43)}`,
      ],
      ['projects:read', 'projects:write', 'data:read', 'data:write', 'runs:execute'],
      projects.map(({ project }) => project),
    ],
  );
  const answer = made?.answer as { ok: boolean } | undefined;
  if (!answer?.ok) throw new Error(JSON.stringify(answer));
  return { ...who, tokenId, principal: { ...who.principal, credential: { kind: 'api_token', id: tokenId } } };
}

/** Tables that hold rows of projects, read from the catalogue: one that is added tomorrow is among them. */
async function projectTables(asSuperuser: Ask): Promise<readonly string[]> {
  const rows = await asSuperuser(
    `select c.table_name as name from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
      where c.table_schema = 'app' and c.column_name = 'project_id' and t.table_type = 'BASE TABLE' order by 1`,
  );
  return rows.map(({ name }) => `app.${name as string}`);
}
