import { z } from 'zod';
import { cancelRun } from '../../runs/cancel-run.ts';
import { presentRun } from '../../runs/present-run.ts';
import { runReference } from '../../runs/run-answer.ts';
import { defineTool } from '../tool.ts';

export const cancelRunTool = defineTool({
  name: 'cancel_run',
  title: 'Cancel a run',
  description: 'Ends an active run. What it had printed is kept; a run that has ended stays as it is.',
  input: z.object({ run: runReference }),
  output: z.object({ run: z.string(), state: z.string(), message: z.string() }),
  needs: { scopes: ['runs:execute'], role: 'member' },
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true },
  async run(input, context) {
    const { run, state, message } = presentRun(await cancelRun(context, input.run));
    return { structured: { run, state, message } };
  },
});
