import { z } from 'zod';
import { selectProjects } from '../../database/projects.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { behind, pageByName } from '../../projects/members/page-by-name.ts';
import { cursor, page } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

const PAGE = 100;

export const listProjects = defineTool({
  name: 'list_projects',
  title: 'List projects',
  description: 'Lists the projects of the tenant by name, with their newest commit.',
  input: z.object({ archived: z.boolean().default(false).describe('Archived ones too'), cursor }),
  output: z.object({
    projects: z.array(
      z.object({
        project: z.string(),
        name: z.string(),
        description: z.string(),
        head: z.string().nullable(),
        created_at: z.string(),
        archived: z.boolean(),
        restricted: z.boolean(),
        role: z.string().describe('Yours: viewer reads, editor writes and runs, owner archives'),
      }),
    ),
    ...page,
  }),
  needs: { scopes: ['projects:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const wanted = behind({ cursor: input.cursor, limit: PAGE });
    const [found] = await withTenant(platform.database, principal, [
      selectProjects({ archived: input.archived, ...wanted }),
    ] as const);
    const { rows, truncated, cursor } = pageByName(found.rows, PAGE, ({ id }) => id);
    return {
      structured: {
        projects: rows.map((project) => ({
          project: project.id,
          name: project.name,
          description: project.description,
          head: project.headCommit,
          created_at: project.createdAt,
          archived: project.archivedAt !== null,
          restricted: project.restricted,
          role: project.role,
        })),
        total: found.total,
        truncated,
        cursor,
      },
    };
  },
});
