import { z } from 'zod';

/** Pieces that several tools share, so that one thing has one name, bound and description everywhere. */
export const projectReference = z.string().min(1).max(100).describe('Id (prj_…) or name of a project');
export const commitReference = z
  .string()
  .min(4)
  .max(40)
  .optional()
  .describe('Commit id or unique prefix (7+); default: the newest');
export const filePath = z.string().max(1024).describe('Relative to the project, as models/forecast.py');
export const sourceReference = z.string().min(1).max(100).describe('As list_data_sources shows it');
export const cursor = z.string().max(500).optional().describe('From the previous page');

/** What every bounded list says of itself. */
export const page = {
  total: z.number().int(),
  truncated: z.boolean(),
  cursor: z.string().nullable().describe('Pass on for the next page; null on the last'),
};

export const changeList = z.array(
  z.object({ path: z.string(), kind: z.enum(['added', 'modified', 'deleted']) }),
);

/** What a commit answers. */
export const commitAnswer = z.object({
  project: z.string(),
  commit: z.string().describe('The head now'),
  parent: z.string().nullable(),
  committed: z.boolean().describe('false: the files were so already'),
  changes: changeList,
  replayed: z.boolean().describe('true: an earlier call with this idempotency key did it'),
});
