import { z } from 'zod';
import { limit } from '../../protocol/limits.ts';
import { referenceText } from '../input/text-schemas.ts';

/** Pieces that several tools share, so that one thing has one name, bound and description everywhere. */
export const projectReference = referenceText.describe('Id or name');
export const commitReference = z.string().min(4).max(40).optional().describe('Commit; default: newest');
export const filePath = z.string().max(limit('path_bytes')).describe('As models/forecast.py');
export const sourceReference = referenceText.describe('Of the data source');
export const cursor = z.string().max(limit('cursor_chars')).optional().describe('Of the page before');

/** What every bounded list says of itself. */
export const page = {
  total: z.number().int(),
  truncated: z.boolean(),
  cursor: z.string().nullable(),
};

export const changeList = z.array(
  z.object({ path: z.string(), kind: z.enum(['added', 'modified', 'deleted']) }),
);

/** What a commit answers. */
export const commitAnswer = z.object({
  project: z.string(),
  commit: z.string(),
  parent: z.string().nullable(),
  committed: z.boolean().describe('false: nothing changed'),
  changes: changeList,
  replayed: z.boolean(),
});
