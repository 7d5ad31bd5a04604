import { z } from 'zod';
import { presentRun } from '../../runs/present-run.ts';
import { startArguments, startBounds, startedRunAnswer } from '../../runs/run-answer.ts';
import { startRun } from '../../runs/start-run.ts';
import { idempotencyKey, idempotencyOf } from '../../tenants/idempotency.ts';
import { commitReference, filePath, projectReference } from '../schemas.ts';
import { ADDS, defineTool } from '../tool.ts';

export const runModel = defineTool({
  name: 'run_model',
  title: 'Run a model',
  description:
    'Runs a Python file of a project in a sandbox without network and waits for its end: state, stdout, stderr, the error with its line, the files left in /outputs. Still active after wait_seconds: call get_run. With schema_only data it says only how it ended; a person opens withheld.page.',
  input: z.object({
    project: projectReference,
    path: filePath,
    ref: commitReference,
    ...startArguments,
    idempotency_key: idempotencyKey,
  }),
  output: startedRunAnswer,
  needs: { scopes: ['runs:execute'], role: 'member' },
  annotations: ADDS,
  async run(input, context) {
    const { view, deduplicated } = await startRun(context, {
      project: input.project,
      program: { path: input.path },
      ref: input.ref,
      parameters: input.parameters,
      data: input.data,
      ...startBounds(input),
      idempotency: await idempotencyOf('run_model', input.idempotency_key, input),
    });
    return { structured: { ...presentRun(view), deduplicated } };
  },
});
