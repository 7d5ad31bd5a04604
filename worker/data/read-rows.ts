import { type DescribedSource, selectSource } from '../database/data.ts';
import { withTenant } from '../database/with-tenant.ts';
import type { Caller, Reader } from '../runs/caller.ts';
import type { TablePage } from '../runs/output/page.ts';
import { pageInSandbox } from '../runs/output/page-in-sandbox.ts';
import { openSource } from '../sight/see-source.ts';
import { refuseData } from './refuse-import.ts';

const HINT =
  'Rows far into a large source take longer than a page may: read them in a run, with the line that describe_data answers.';

/** Rows of what a source holds now, for whoever may see them, of the columns that its description has. Two database requests; the data is read in a sandbox. */
export async function readRows(
  context: Caller,
  asked: { readonly project: string; readonly name: string; readonly offset: number; readonly limit: number },
): Promise<TablePage & { readonly columnCount: number }> {
  const { project, name, format, sha256, bytes, description } = await openNow(context, asked);
  const columns = description.columns.map((column) => column.name);
  const known = { columns, rows: description.row_count };
  const page = await pageInSandbox(
    context,
    { project, name, hint: HINT, format, sha256, bytes, known },
    asked,
  );
  // It took a while: whoever may not see the source any more gets nothing of it.
  await openNow(context, asked);
  return { ...page, columnCount: description.column_count };
}

async function openNow(
  { platform, principal }: Reader,
  asked: { readonly project: string; readonly name: string },
): Promise<DescribedSource> {
  const [found] = await withTenant(platform.database, principal, [
    selectSource(asked.project, asked.name),
  ] as const);
  if (!found.ok) throw refuseData(found, asked);
  return openSource(found);
}
