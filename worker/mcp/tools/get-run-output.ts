import { z } from 'zod';
import { encodeBase64 } from '../../blobs/base64.ts';
import { getRunOutput } from '../../runs/get-run-output.ts';
import { runReference } from '../../runs/run-answer.ts';
import { defineTool, READS } from '../tool.ts';

export const getRunOutputTool = defineTool({
  name: 'get_run_output',
  title: 'Get an output of a run',
  description:
    'Shows a file that a run left in /outputs, or stdout, stderr or progress (its steps): CSV and Parquet as rows, PNG and JPEG as an image, text as lines, the rest as a download link for 15 minutes.',
  input: z.object({
    run: runReference,
    name: z.string().min(1).max(512).describe('Of an output; or stdout, stderr, progress'),
    offset: z.number().int().min(0).max(100_000_000).default(0).describe('Rows or lines to skip'),
    limit: z.number().int().min(1).max(1000).default(100),
  }),
  output: z.object({
    kind: z.enum(['table', 'text', 'image', 'file']),
    media_type: z.string(),
    bytes: z.number().int(),
    columns: z.array(z.string()),
    rows: z.array(z.array(z.unknown())),
    text: z.string().nullable(),
    total: z.number().int().nullable(),
    truncated: z.boolean(),
    download_url: z.string().nullable(),
  }),
  needs: { scopes: ['runs:execute'], role: 'viewer' },
  annotations: READS,
  async run(input, context) {
    const { shown, image } = await getRunOutput(context, input);
    const structured = { ...shown, columns: [...shown.columns], rows: shown.rows.map((row) => [...row]) };
    if (image === null) return { structured };
    const data = encodeBase64(image.bytes);
    return { structured, content: [{ type: 'image', data, mimeType: image.mediaType }] };
  },
});
