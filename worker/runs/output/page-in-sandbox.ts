import { z } from 'zod';
import type { Output } from '../../../protocol/outcome.ts';
import { Refusal } from '../../http/refusal.ts';
import type { ToolContext } from '../../mcp/tool.ts';
import { inspect } from '../inspect.ts';
import { CELL_CHARS_MAX, PAGE_CHARS_MAX, showablePage, type TablePage } from './page.ts';
import PAGE_ROWS from './page_rows.py';

const TIMEOUT_MS = 30_000;
const ANSWER_BYTES_MAX = 4 * PAGE_CHARS_MAX;

const EXTENSIONS: Readonly<Record<string, string>> = {
  'text/csv': 'csv',
  'text/tab-separated-values': 'tsv',
  'application/vnd.apache.parquet': 'parquet',
};

const pageSchema = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  total: z.number().int(),
});

/** Some rows of a table of any size: it is read in a sandbox, and only the page comes here. */
export async function pageInSandbox(
  { platform, principal, signal }: ToolContext,
  project: string,
  output: Output,
  asked: { readonly offset: number; readonly limit: number },
): Promise<TablePage> {
  const path = `output.${EXTENSIONS[output.media_type] ?? 'csv'}`;
  const inspected = await inspect(platform, {
    tenantId: principal.tenantId,
    project,
    script: PAGE_ROWS,
    data: [],
    files: [{ path, sha256: output.sha256, bytes: output.bytes }],
    parameters: {
      path,
      offset: asked.offset,
      limit: asked.limit,
      cell_chars_max: CELL_CHARS_MAX,
      page_chars_max: PAGE_CHARS_MAX,
    },
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (!inspected.ok) throw inspected.outcome === null ? inspected.refusal : unreadable(output.name);
  const answer = inspected.outputs.find(({ name }) => name === 'page.json');
  if (answer === undefined || answer.bytes > ANSWER_BYTES_MAX) throw unreadable(output.name);
  const blob = await platform.blobs.get({ tenant: principal.tenantId, sha256: answer.sha256 });
  const page = pageSchema.safeParse(blob === null ? null : await new Response(blob.body).json());
  if (!page.success) throw unreadable(output.name);
  return showablePage(page.data);
}

function unreadable(name: string): Refusal {
  return new Refusal('invalid_data', `\`${name}\` cannot be read as the table that its name says it is.`, {
    hint: 'Look at how the model writes it.',
  });
}
