import { z } from 'zod';
import { readFile } from '../../projects/read-file.ts';
import { completeFile, completeProject, completeRef } from '../completion/complete-project.ts';
import { defineResource } from '../resource.ts';
import { commitReference, filePath, projectReference } from '../schemas.ts';
import { textType } from './text-type.ts';
import { LINES_MAX, offset, windowNotice } from './window.ts';

export const projectFile = defineResource({
  name: 'project_file',
  title: 'File of a project',
  description: 'A text file of a project, at its newest commit or at ref. A long one comes in windows.',
  icon: 'file',
  template: 'project://{project}/{path}{?ref}',
  variables: z.object({ project: projectReference, path: filePath, ref: commitReference, offset }),
  needs: { scopes: ['projects:read'], role: 'viewer' },
  complete: { project: completeProject, path: completeFile, ref: completeRef },
  async read({ project, path, ref, offset: skipped }, { platform, principal }, uri) {
    const asked = { project, path, ref, firstLine: skipped + 1, linesMax: LINES_MAX };
    const file = await readFile(platform, principal, asked);
    return { part: { mimeType: textType(path), text: file.content }, ...windowNotice(file, uri) };
  },
});
