import { z } from 'zod';
import { selectProjects } from '../../database/projects.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { decodeCursor, encodeCursor } from '../../tenants/cursor.ts';
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
    const after = input.cursor === undefined ? { name: '', id: '' } : readCursor(input.cursor);
    const [found] = await withTenant(platform.database, principal, [
      selectProjects({ archived: input.archived, after, limit: PAGE + 1 }),
    ] as const);
    const shown = found.projects.slice(0, PAGE);
    const last = shown.at(-1);
    const truncated = found.projects.length > PAGE;
    return {
      structured: {
        projects: shown.map((project) => ({
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
        cursor: truncated && last !== undefined ? encodeCursor([last.name.toLowerCase(), last.id]) : null,
      },
    };
  },
});

function readCursor(text: string): { name: string; id: string } {
  const [name, id] = decodeCursor(text, ['', ''] as const satisfies readonly string[]);
  return { name, id };
}
