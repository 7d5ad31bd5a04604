import { z } from 'zod';
import { projectReference } from '../schemas.ts';

/** Arguments that several prompts have. They are typed by a person, and end in the text of an instruction. */
export const projectArgument = projectReference.describe('Name or id of the project');
export const runArgument = z.string().min(5).max(40).describe('Id of the run (run_…)');
export const sourceArgument = z
  .string()
  .regex(/^[a-z][a-z0-9_]{0,62}$/, 'expected the name of a data source')
  .describe('Name of the data source');

/** Free text of a person, in one line. */
export const wish = z
  .string()
  .trim()
  .max(1000)
  .refine((text) => !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(text), 'expected one line of text');

/** What a person typed, as it stands in an instruction: quoted, so that its end is seen. */
export function typed(text: string): string {
  return JSON.stringify(text);
}
