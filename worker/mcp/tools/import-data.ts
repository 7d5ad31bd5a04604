import { z } from 'zod';
import { describeQuantity } from '../../../protocol/describe-quantity.ts';
import { idSchema } from '../../../protocol/ids.ts';
import { LIMITS, limit } from '../../../protocol/limits.ts';
import { utf8 } from '../../blobs/sha256.ts';
import { type ImportRequest, importData } from '../../data/import-data.ts';
import { Refusal } from '../../http/refusal.ts';
import { seeImported } from '../../sight/see-source.ts';
import { idempotencyKey, idempotencyOf } from '../../tenants/idempotency.ts';
import { agentSees, dataFormat, describedSnapshot, sourceName } from '../data-schemas.ts';
import { projectReference } from '../schemas.ts';
import { ADDS, defineTool } from '../tool.ts';

const INLINE = describeQuantity(limit('inline_data_bytes'), LIMITS.inline_data_bytes.unit);

const input = z.object({
  project: projectReference,
  name: sourceName,
  format: dataFormat,
  text: z
    .string()
    .min(1)
    .max(limit('inline_data_bytes'))
    .optional()
    .describe(`The data, up to ${INLINE}; not parquet`),
  upload: idSchema('upload').optional().describe('From create_upload, after its PUT'),
  run_output: z
    .object({ run: idSchema('run'), name: z.string().min(1).max(1024) })
    .optional()
    .describe('Output of a run of this project'),
  agent_sees: agentSees,
  idempotency_key: idempotencyKey,
});

export const importDataTool = defineTool({
  name: 'import_data',
  title: 'Import data',
  description:
    'Attaches a table to a project from one of text, upload or run_output, and describes it as describe_data does. CSV and TSV need a header line. A name imported again gets a new snapshot, for later runs.',
  input,
  output: z.object({
    ...describedSnapshot,
    new_snapshot: z.boolean().describe('false: it had these bytes'),
    replaces: z.string().nullable(),
    replayed: z.boolean(),
  }),
  needs: { scopes: ['data:write'], role: 'member' },
  annotations: ADDS,
  async run(given, context) {
    const { project, name, format } = given;
    const from = originOf(given);
    const idempotency = await idempotencyOf('import_data', given.idempotency_key, given);
    const asked = { project, name, format, from, agentSees: given.agent_sees, idempotency };
    const imported = await importData(context, asked);
    return { structured: seeImported(imported) };
  },
});

function originOf({ text, upload, run_output, format }: z.output<typeof input>): ImportRequest['from'] {
  const given = [text, upload, run_output].filter((origin) => origin !== undefined);
  if (given.length !== 1) {
    throw new Refusal(
      'invalid_arguments',
      `Give exactly one of text, upload and run_output, not ${given.length}.`,
      {
        hint: `Data over ${INLINE} goes through create_upload.`,
      },
    );
  }
  if (upload !== undefined) return { upload };
  if (run_output !== undefined) return run_output;
  const inline = text ?? '';
  if (format === 'parquet') {
    throw new Refusal('invalid_arguments', 'Parquet is binary and cannot be sent as text.', {
      hint: 'Send it through create_upload, or import an output of a run.',
    });
  }
  if (!inline.isWellFormed() || utf8(inline).byteLength > limit('inline_data_bytes')) {
    throw new Refusal('invalid_arguments', `The text is over ${INLINE} in UTF-8, or is not valid Unicode.`, {
      hint: 'Send it through create_upload.',
      details: { limit: 'inline_data_bytes', value: limit('inline_data_bytes') },
    });
  }
  return { text: inline };
}
