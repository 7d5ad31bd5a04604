import { z } from 'zod';
import { selectProjectAt } from '../../database/projects.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { foundCommit, foundProject } from '../../projects/find-project.ts';
import { decodeCursor, encodeCursor } from '../../tenants/cursor.ts';
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
    const after = input.cursor === undefined ? '' : decodeCursor(input.cursor, [''])[0];
    const paths = Object.keys(found.files)
      .filter((path) => path.startsWith(input.prefix))
      .sort();
    const rest = paths.filter((path) => after === undefined || path > after);
    const shown = rest.slice(0, PAGE);
    const truncated = rest.length > shown.length;
    return {
      structured: {
        project: found.project.id,
        commit: found.commit,
        files: shown.map((path) => ({ path, bytes: found.files[path]?.bytes ?? 0 })),
        total: paths.length,
        truncated,
        cursor: truncated ? encodeCursor([shown.at(-1) ?? '']) : null,
      },
    };
  },
});
