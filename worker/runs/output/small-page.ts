import type { Output } from '../../../protocol/outcome.ts';
import type { Reader } from '../caller.ts';
import { blobText } from './open-output.ts';
import { type TablePage, tablePage } from './page.ts';
import { readCsv } from './read-csv.ts';

/** Some rows of a `small_table`, which is read here. */
export async function smallPage(
  reader: Reader,
  run: string,
  output: Output,
  { offset, limit }: { readonly offset: number; readonly limit: number },
): Promise<TablePage> {
  const text = await blobText(reader, run, output.sha256);
  return tablePage(readCsv(text, output.media_type === 'text/csv' ? ',' : '	'), offset, limit);
}
