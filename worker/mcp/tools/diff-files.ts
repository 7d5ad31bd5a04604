import { z } from 'zod';
import { diffCommits } from '../../projects/diff-commits.ts';
import { commitReference, projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

export const diffFiles = defineTool({
  name: 'diff_files',
  title: 'Diff files',
  description:
    'Shows what changed from one commit to another as unified diffs. Without from: everything in to.',
  input: z.object({
    project: projectReference,
    from: commitReference.describe('Older commit; default: the empty project'),
    to: commitReference,
    path: z.string().max(1024).optional().describe('Only this file or folder'),
  }),
  output: z.object({
    project: z.string(),
    from: z.string().nullable(),
    to: z.string(),
    files: z.array(
      z.object({
        path: z.string(),
        kind: z.enum(['added', 'modified', 'deleted']),
        patch: z.string().nullable().describe('null: too long'),
      }),
    ),
    total: z.number().int(),
    truncated: z.boolean(),
  }),
  needs: { scopes: ['projects:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const diff = await diffCommits(platform, principal, {
      project: input.project,
      from: input.from,
      to: input.to,
      path: input.path,
    });
    return { structured: { ...diff, files: [...diff.files] } };
  },
});
