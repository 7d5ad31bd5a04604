import { z } from 'zod';
import { limit } from '../../../protocol/limits.ts';
import { presentRun } from '../../runs/present-run.ts';
import { runAnswer, runReference } from '../../runs/run-answer.ts';
import { viewRun } from '../../runs/run-view.ts';
import { defineTool, READS } from '../tool.ts';

export const getRun = defineTool({
  name: 'get_run',
  title: 'Get a run',
  description:
    'Shows a run: state, streams, error, outputs. Waits up to wait_seconds for the end of an active one; call again with wait_seconds=45 until it has ended.',
  input: z.object({
    run: runReference,
    wait_seconds: z
      .number()
      .min(0)
      .max(limit('run_wait_ms') / 1000)
      .default(0),
  }),
  output: runAnswer,
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  annotations: READS,
  async run(input, context) {
    const view = await viewRun(context, { run: input.run, waitMs: input.wait_seconds * 1000, adopt: false });
    return { structured: presentRun(view) };
  },
});
