import { z } from 'zod';
import { describeQuantity } from '../../../protocol/describe-quantity.ts';
import type { Output } from '../../../protocol/outcome.ts';
import { encodeBase64 } from '../../blobs/base64.ts';
import { windowOf } from '../../projects/line-window.ts';
import { isText } from '../../runs/output/choose-view.ts';
import {
  blobBytes,
  blobText,
  downloadUrl,
  foundOutput,
  requireOutcome,
} from '../../runs/output/open-output.ts';
import { runReference } from '../../runs/run-answer.ts';
import { completeOutput, completeRun } from '../completion/complete-run.ts';
import { defineResource, type ResourceAnswer } from '../resource.ts';
import type { ToolContext } from '../tool.ts';
import { LINES_MAX, offset, windowNotice } from './window.ts';

const MIB = 1024 * 1024;
const TEXT_BYTES_MAX = 2 * MIB;
const BLOB_BYTES_MAX = MIB;

export const runOutput = defineResource({
  name: 'run_output',
  title: 'Output of a run',
  description:
    'A file that a run left in /outputs: text in windows of lines, anything else as a blob of at most 1 MiB. get_run_output shows tables as rows.',
  icon: 'run',
  template: 'run://{run}/outputs/{name}',
  variables: z.object({ run: runReference, name: z.string().min(1).max(512), offset }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  complete: { run: completeRun, name: completeOutput },
  async read({ run, name, offset: skipped }, context, uri) {
    const { outcome } = await requireOutcome(context, run);
    const output = foundOutput(outcome, name);
    if (isText(output.media_type)) {
      if (output.bytes > TEXT_BYTES_MAX) return tooLarge(run, output, TEXT_BYTES_MAX, context);
      const text = await blobText(context, run, output.sha256);
      const window = windowOf(text, skipped + 1, LINES_MAX);
      return { part: { mimeType: output.media_type, text: window.content }, ...windowNotice(window, uri) };
    }
    if (output.bytes > BLOB_BYTES_MAX) return tooLarge(run, output, BLOB_BYTES_MAX, context);
    const bytes = await blobBytes(context, run, output.sha256);
    return { part: { mimeType: output.media_type, blob: encodeBase64(bytes) } };
  },
});

async function tooLarge(
  run: string,
  output: Output,
  bytesMax: number,
  context: ToolContext,
): Promise<ResourceAnswer> {
  const size = describeQuantity(output.bytes, 'bytes');
  const most = describeQuantity(bytesMax, 'bytes');
  return {
    part: { mimeType: output.media_type, text: '' },
    notice: `It has ${size}; a resource shows ${most} at most. get_run_output shows the rows of a table. Download, good for 15 minutes for whoever has it: ${await downloadUrl(context, run, output)}`,
  };
}
