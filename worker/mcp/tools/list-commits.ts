import { z } from 'zod';
import { selectCommits } from '../../database/commits.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { foundProject } from '../../projects/find-project.ts';
import { decodeCursor, encodeCursor } from '../../tenants/cursor.ts';
import { changeList, cursor, page, projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

const CHANGES_MAX = 20;
const FROM_THE_HEAD = 2_147_483_647;

export const listCommits = defineTool({
  name: 'list_commits',
  title: 'List commits',
  description: 'Lists the commits of a project, newest first, with what changed.',
  input: z.object({ project: projectReference, limit: z.number().int().min(1).max(100).default(20), cursor }),
  output: z.object({
    commits: z.array(
      z.object({
        commit: z.string(),
        parent: z.string().nullable(),
        message: z.string(),
        author: z.string(),
        at: z.string(),
        changes: changeList.describe(`The first ${CHANGES_MAX}`),
        changed: z.number().int(),
      }),
    ),
    ...page,
  }),
  needs: { scopes: ['projects:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const before =
      input.cursor === undefined ? FROM_THE_HEAD : (decodeCursor(input.cursor, [0])[0] ?? FROM_THE_HEAD);
    const [rows] = await withTenant(platform.database, principal, [
      selectCommits(input.project, before, input.limit),
    ] as const);
    const { total, commits } = foundProject(rows, input.project);
    const last = commits.at(-1);
    const truncated = last !== undefined && last.position > 1;
    return {
      structured: {
        commits: commits.map((commit) => ({
          commit: commit.id,
          parent: commit.parent,
          message: commit.message.trimEnd(),
          author: commit.authorName,
          at: commit.authoredAt,
          changes: commit.changes.slice(0, CHANGES_MAX),
          changed: commit.changes.length,
        })),
        total,
        truncated,
        cursor: truncated ? encodeCursor([last.position]) : null,
      },
    };
  },
});
