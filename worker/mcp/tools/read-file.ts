import { z } from 'zod';
import { readFile } from '../../projects/read-file.ts';
import { commitReference, filePath, projectReference } from '../schemas.ts';
import { defineTool, READS } from '../tool.ts';

export const readFileTool = defineTool({
  name: 'read_file',
  title: 'Read a file',
  description:
    'Reads a text file of a project at a commit. Long files come in windows of lines; last_line says where to go on.',
  input: z.object({
    project: projectReference,
    path: filePath,
    ref: commitReference,
    first_line: z.number().int().min(1).default(1),
    max_lines: z.number().int().min(1).max(5000).default(2000),
  }),
  output: z.object({
    project: z.string(),
    commit: z.string(),
    path: z.string(),
    bytes: z.number().int(),
    sha256: z.string(),
    content: z.string(),
    first_line: z.number().int(),
    last_line: z.number().int(),
    total_lines: z.number().int(),
    truncated: z.boolean(),
  }),
  needs: { scopes: ['projects:read'], role: 'viewer' },
  annotations: READS,
  async run(input, { platform, principal }) {
    const asked = {
      project: input.project,
      path: input.path,
      ref: input.ref,
      firstLine: input.first_line,
      linesMax: input.max_lines,
    };
    return { structured: await readFile(platform, principal, asked) };
  },
});
