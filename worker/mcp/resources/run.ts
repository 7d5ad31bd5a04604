import { z } from 'zod';
import { presentRun } from '../../runs/present-run.ts';
import { runReference } from '../../runs/run-answer.ts';
import { viewRun } from '../../runs/run-view.ts';
import { completeRun } from '../completion/complete-run.ts';
import { defineResource } from '../resource.ts';

export const runResource = defineResource({
  name: 'run',
  title: 'Run',
  description: 'How a run stands, as get_run answers it: state, error, streams, outputs, manifest.',
  mimeType: 'application/json',
  icon: 'run',
  template: 'run://{run}',
  variables: z.object({ run: runReference }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  complete: { run: completeRun },
  async read({ run }, context) {
    const view = await viewRun(context, { run, waitMs: 0, adopt: false });
    return { part: { mimeType: 'application/json', text: JSON.stringify(presentRun(view)) } };
  },
});
