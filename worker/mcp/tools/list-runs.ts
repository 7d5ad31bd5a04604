import { z } from 'zod';
import { RUN_STATES } from '../../../protocol/run-state.ts';
import { listRuns } from '../../runs/list-runs.ts';
import { cursor, page, projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

export const listRunsTool = defineTool({
  name: 'list_runs',
  title: 'List runs',
  description: 'Lists the runs of a project, newest first: what ran, and how it ended.',
  input: z.object({
    project: projectReference,
    state: z.enum(['active', ...RUN_STATES.slice(3)]).optional(),
    limit: z.number().int().min(1).max(100).default(20),
    cursor,
  }),
  output: z.object({
    runs: z.array(
      z.object({
        run: z.string(),
        entry: z.string(),
        commit: z.string().nullable(),
        state: z.string(),
        message: z.string().nullable(),
        parameters: z.string().describe('JSON, cut at 300 characters'),
        outputs: z.number().int().nullable(),
        created_at: z.string(),
        finished_at: z.string().nullable(),
      }),
    ),
    ...page,
  }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    return { structured: await listRuns(platform, principal, input) };
  },
});
