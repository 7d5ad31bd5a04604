import { z } from 'zod';
import { archiveProject } from '../../projects/archive-project.ts';
import { projectReference } from '../schemas.ts';
import { defineTool } from '../tool.ts';

export const archiveProjectTool = defineTool({
  name: 'archive_project',
  title: 'Archive a project',
  description:
    'Takes a project out of use: it can still be read, not changed or run. A person is asked first.',
  input: z.object({ project: projectReference }),
  output: z.object({
    project: z.string(),
    name: z.string(),
    files: z.number().int(),
    archived: z.boolean(),
  }),
  needs: { scopes: ['projects:write'], role: 'admin' },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  danger: 'closes a project to changes and runs',
  async run({ project }, { platform, principal, confirm }) {
    const archival = await archiveProject(platform, principal, {
      project,
      confirm: (archives) =>
        confirm({
          question: `Archive the project \`${archives.name}\` with ${archives.files} files? It can be read then, and not be changed or run any more.`,
          effect: { archives },
        }),
    });
    return { structured: archival };
  },
});
