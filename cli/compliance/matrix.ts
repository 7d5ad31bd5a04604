import { z } from 'zod';
import { STANDARDS, type StandardId } from './standards.ts';

const standardIds = Object.keys(STANDARDS) as [StandardId, ...StandardId[]];

const rowSchema = z
  .strictObject({
    standard: z.enum(standardIds),
    id: z.string(),
    /** What it asks for, in our words. */
    what: z.string().min(5).max(120),
    /** `not`: nothing of it is done here, and `says` tells why. */
    state: z.enum(['met', 'partly', 'not']),
    /** Rows of SECURITY.md, which name the tests. */
    guarantees: z.array(z.string()),
    /** Files of tests beside those of the guarantees. */
    tests: z.array(z.string()),
    says: z.string().max(240),
  })
  .refine(({ standard, id }) => STANDARDS[standard].has(id), {
    error: ({ input }) => `${(input as { id: string }).id} is no id of that edition`,
  })
  .refine(({ state, guarantees, tests }) => state !== 'met' || guarantees.length + tests.length > 0, {
    error: 'what is met names a guarantee or test that shows it',
  })
  .refine(({ state, says, guarantees }) => state === 'met' || says !== '' || guarantees.length > 0, {
    error: 'what is not met says why',
  });

const matrixSchema = z
  .strictObject({ rows: z.array(rowSchema) })
  .refine(({ rows }) => new Set(rows.map(({ standard, id }) => `${standard} ${id}`)).size === rows.length, {
    error: 'a row stands there twice',
  });

export type Matrix = z.infer<typeof matrixSchema>;

/** Reads `compliance/matrix.json`. Throws with every fault where it is not as it must be. */
export function readMatrix(text: string): Matrix {
  return matrixSchema.parse(JSON.parse(text));
}
