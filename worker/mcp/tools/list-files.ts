import { z } from 'zod';
import { selectProjectAt } from '../../database/projects.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { foundCommit, foundProject } from '../../projects/find-project.ts';
import { decodeCursor } from '../../tenants/cursor.ts';
import { pageOf } from '../../tenants/page.ts';
import { commitReference, cursor, page, projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

const PAGE = 500;

export const listFiles = defineTool({
  name: 'list_files',
  title: 'List files',
  description: 'Lists the files of a project at a commit, by path, with their sizes.',
  input: z.object({
    project: projectReference,
    ref: commitReference,
    prefix: z.string().max(1024).default('').describe('Only paths that start so, as models/'),
    cursor,
  }),
  output: z.object({
    project: z.string(),
    commit: z.string().nullable(),
    files: z.array(z.object({ path: z.string(), bytes: z.number().int() })),
    ...page,
  }),
  needs: { scopes: ['projects:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const [at] = await withTenant(platform.database, principal, [
      selectProjectAt(input.project, input.ref ?? null),
    ] as const);
    const found = foundProject(at, input.project);
    if (input.ref !== undefined) foundCommit(found, input.ref);
    const after = input.cursor === undefined ? '' : decodeCursor(input.cursor, [''] as const)[0];
    const paths = Object.keys(found.files)
      .filter((path) => path.startsWith(input.prefix))
      .sort();
    const rest = paths.filter((path) => path > after);
    const { rows, truncated, cursor } = pageOf(rest, PAGE, (path) => path);
    return {
      structured: {
        project: found.project.id,
        commit: found.commit,
        files: rows.map((path) => ({ path, bytes: found.files[path]?.bytes ?? 0 })),
        total: paths.length,
        truncated,
        cursor,
      },
    };
  },
});
