import { z } from 'zod';
import { connectionSchema } from '../../cli/stack/connection-file.ts';

const inputSchema = connectionSchema.extend({
  state: z.string(),
  json: z.boolean(),
  /** Few repetitions: shows that a benchmark works, measures nothing well. */
  quick: z.boolean().default(false),
});
/** What `./causeway bench` gives a benchmark: the running stack, and how to print. */
export type BenchInput = z.infer<typeof inputSchema>;

export function readInput(input: object): BenchInput {
  return inputSchema.parse({ json: false, ...input });
}
