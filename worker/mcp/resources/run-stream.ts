import { z } from 'zod';
import { windowOf } from '../../projects/line-window.ts';
import { requireOutcome, streamText } from '../../runs/output/open-output.ts';
import { runReference } from '../../runs/run-answer.ts';
import { completeRun } from '../completion/complete-run.ts';
import { defineResource, type ResourceFamily } from '../resource.ts';
import { LINES_MAX, offset, windowNotice } from './window.ts';

export const runStdout = streamOf('stdout', 'What a run printed');
export const runStderr = streamOf('stderr', 'What a run wrote to stderr');

function streamOf(stream: 'stdout' | 'stderr', title: string): ResourceFamily {
  return defineResource({
    name: `run_${stream}`,
    title,
    description: `All that was kept of ${stream} of a run that has ended, in windows of lines.`,
    mimeType: 'text/plain',
    icon: 'run',
    template: `run://{run}/${stream}`,
    variables: z.object({ run: runReference, offset }),
    needs: { scopes: ['runs:execute'], role: 'viewer' },
    complete: { run: completeRun },
    async read({ run, offset: skipped }, context, uri) {
      const ended = await requireOutcome(context, run);
      const text = await streamText(context, ended, ended.outcome[stream]);
      const window = windowOf(text, skipped + 1, LINES_MAX);
      return { part: { mimeType: 'text/plain', text: window.content }, ...windowNotice(window, uri) };
    },
  });
}
