import { z } from 'zod';
import { presentRun } from '../../runs/present-run.ts';
import { runAnswer, startArguments, startBounds } from '../../runs/run-answer.ts';
import { startRun } from '../../runs/start-run.ts';
import { idempotencyKey, idempotencyOf } from '../../tenants/idempotency.ts';
import { commitReference, projectReference } from '../schemas.ts';
import { ADDS, defineTool } from '../tool.ts';

const CODE_CHARS_MAX = 256 * 1024;

export const runCode = defineTool({
  name: 'run_code',
  title: 'Run a script',
  description:
    'Runs Python text as run_model does, beside the files and data of a project, without a commit: for a look at data, a check, a sketch.',
  input: z.object({
    project: projectReference,
    code: z.string().min(1).max(CODE_CHARS_MAX),
    ref: commitReference,
    ...startArguments,
    idempotency_key: idempotencyKey,
  }),
  output: runAnswer,
  needs: { scopes: ['runs:execute'], role: 'member' },
  annotations: ADDS,
  async run(input, context) {
    const { view } = await startRun(context, {
      project: input.project,
      program: { code: input.code },
      ref: input.ref,
      parameters: input.parameters,
      data: input.data,
      ...startBounds(input),
      idempotency: await idempotencyOf('run_code', input.idempotency_key, input),
    });
    return { structured: presentRun(view) };
  },
});
