import { z } from 'zod';
import { presentComparison } from '../../runs/compare/present-comparison.ts';
import { compareRuns } from '../../runs/compare-runs.ts';
import { runReference } from '../../runs/run-answer.ts';
import { completeRun } from '../completion/complete-run.ts';
import { defineResource } from '../resource.ts';

export const comparison = defineResource({
  name: 'comparison',
  title: 'Comparison of two runs',
  description: 'What differs between two runs in inputs and outputs, as compare_runs answers it.',
  mimeType: 'application/json',
  icon: 'run',
  template: 'comparison://{run_a}/{run_b}',
  variables: z.object({ run_a: runReference, run_b: runReference }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  complete: { run_a: completeRun, run_b: completeRun },
  async read({ run_a, run_b }, context) {
    const compared = presentComparison(await compareRuns(context, run_a, run_b));
    return { part: { mimeType: 'application/json', text: JSON.stringify(compared) } };
  },
});
