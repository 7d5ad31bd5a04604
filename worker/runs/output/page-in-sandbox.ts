import { z } from 'zod';
import { newId } from '../../../protocol/ids.ts';
import type { DataFormat } from '../../../protocol/manifest.ts';
import { placeInspection } from '../../database/placement.ts';
import { withTenant } from '../../database/with-tenant.ts';
import { Refusal } from '../../http/refusal.ts';
import type { Caller } from '../caller.ts';
import { inspect } from '../inspect.ts';
import { refusePlacement } from '../refuse-placement.ts';
import { CELL_CHARS_MAX, PAGE_CHARS_MAX, showablePage, type TablePage } from './page.ts';
import PAGE_ROWS from './page_rows.py';

const TIMEOUT_MS = 30_000;
/** A character is four bytes at most, and there is a little around the cells. */
const ANSWER_BYTES_MAX = 5 * PAGE_CHARS_MAX;

/** A table in the blob store, of any size. */
export interface StoredTable {
  readonly project: string;
  /** What it is called where it cannot be read, and what its owner can do then. */
  readonly name: string;
  readonly hint: string;
  readonly format: DataFormat;
  readonly sha256: string;
  readonly bytes: number;
  /** What is known of it already: the columns that are shown, and how many rows it has. */
  readonly known?: { readonly columns: readonly string[]; readonly rows: number };
}

const pageSchema = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.union([z.string(), z.number(), z.boolean(), z.null()]))),
  total: z.number().int(),
});

/** Some rows of a table: it is read in a sandbox, and only the page comes here. */
export async function pageInSandbox(
  { platform, principal, signal }: Pick<Caller, 'platform' | 'principal' | 'signal'>,
  { project, name, hint, format, sha256, bytes, known }: StoredTable,
  asked: { readonly offset: number; readonly limit: number },
): Promise<TablePage> {
  const unreadable = () =>
    new Refusal('invalid_data', `\`${name}\` cannot be read as the table that it should be.`, { hint });
  const [placed] = await withTenant(platform.database, principal, [placeInspection(project)] as const);
  if (!placed.ok) throw refusePlacement(placed);
  const inspected = await inspect(platform, {
    tenantId: principal.tenantId,
    place: placed.place,
    project,
    script: PAGE_ROWS,
    data: [{ name: 'table', source: newId('source'), format, sha256, bytes }],
    parameters: {
      format,
      offset: asked.offset,
      limit: asked.limit,
      cell_chars_max: CELL_CHARS_MAX,
      page_chars_max: PAGE_CHARS_MAX,
      columns: known?.columns ?? null,
      total: known?.rows ?? null,
    },
    timeoutMs: TIMEOUT_MS,
    signal,
  });
  if (!inspected.ok) throw inspected.outcome === null ? inspected.refusal : unreadable();
  const answer = inspected.outputs.find((output) => output.name === 'page.json');
  if (answer === undefined || answer.bytes > ANSWER_BYTES_MAX) throw unreadable();
  const blob = await platform.blobs.get({ tenant: principal.tenantId, sha256: answer.sha256 });
  const page = pageSchema.safeParse(blob === null ? null : await new Response(blob.body).json());
  if (!page.success) throw unreadable();
  return showablePage(page.data);
}
