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
    'Says what differs between two runs: code files, parameters, data, image and outputs, with sums and largest differences of numeric CSV columns.',
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
    tables: z.array(z.looseObject({})).describe('CSVs that changed: rows_a, rows_b, columns'),
  }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  annotations: READS,
  async run(input, context) {
    return { structured: presentComparison(await compareRuns(context, input.run_a, input.run_b)) };
  },
});
