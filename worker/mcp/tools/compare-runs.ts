import { z } from 'zod';
import { presentComparison } from '../../runs/compare/present-comparison.ts';
import { compareRuns } from '../../runs/compare-runs.ts';
import { runReference } from '../../runs/run-answer.ts';
import { defineTool, READS } from '../tool.ts';

const lines = z.array(z.string());

export const compareRunsTool = defineTool({
  name: 'compare_runs',
  title: 'Compare two runs',
  description:
    'Says what differs between two runs: code files, parameters, data, image, and the outputs they left, with sums and largest differences of numeric CSV columns. Two runs of the same inputs are said to be identical, or what differs.',
  input: z.object({ run_a: runReference, run_b: runReference }),
  output: z.object({
    summary: z.string(),
    state_a: z.string(),
    state_b: z.string(),
    same_inputs: z.boolean(),
    same_outputs: z.boolean(),
    same_stdout: z.boolean(),
    code: lines,
    parameters: lines.describe('place: a → b'),
    data: lines,
    environment: lines,
    outputs: lines,
    tables: z
      .array(
        z.object({
          name: z.string(),
          rows_a: z.number().int(),
          rows_b: z.number().int(),
          columns_only_a: lines,
          columns_only_b: lines,
          columns: z.array(
            z.object({
              column: z.string(),
              sum_a: z.number(),
              sum_b: z.number(),
              largest_difference: z.number().nullable(),
            }),
          ),
        }),
      )
      .describe('CSV outputs that changed, by numeric column'),
  }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  annotations: READS,
  async run(input, context) {
    const comparison = presentComparison(await compareRuns(context, input.run_a, input.run_b));
    return {
      structured: {
        ...comparison,
        tables: comparison.tables.map((table) => ({
          ...table,
          columns_only_a: [...table.columns_only_a],
          columns_only_b: [...table.columns_only_b],
        })),
      },
    };
  },
});
