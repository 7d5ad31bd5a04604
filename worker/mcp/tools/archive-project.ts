import { z } from 'zod';
import { archiveProject } from '../../projects/archive-project.ts';
import { projectReference } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const archiveProjectTool = defineTool({
  name: 'archive_project',
  title: 'Archive a project',
  description:
    'Takes a project out of use: it can be read, and not be changed or run any more. The first call says what would happen and returns a confirmation; ask the person, then call again with it.',
  input: z.object({
    project: projectReference,
    confirmation: z.string().max(1000).optional().describe('From the first call'),
  }),
  output: z.object({
    project: z.string(),
    name: z.string(),
    files: z.number().int(),
    archived: z.boolean(),
    confirmation: z.string().nullable(),
  }),
  needs: { scopes: ['projects:write'], role: 'admin' },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  async run(input, { platform, principal }) {
    return {
      structured: await archiveProject(platform, principal, {
        project: input.project,
        confirmation: input.confirmation,
      }),
    };
  },
});
