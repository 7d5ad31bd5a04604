import type { z } from 'zod';
import type { outputReply } from './replies.ts';
import type { Screen } from './screen.ts';

type Output = z.output<typeof outputReply>;
type Cell = Output['rows'][number][number];

const DECIMALS_MAX = 2;
/** Below it a number may be a year, which has no separator. */
const SEPARATED_MIN = 10_000;

/** Shows the rows of an output, numbers of a column with as many decimals as the longest has. */
export function showTable(screen: Screen, output: Output): void {
  if (output.kind !== 'table') throw new Error(`expected a table, got ${output.kind}`);
  const columns = output.columns.map((name, index) =>
    alignColumn(
      name,
      output.rows.map((row) => row[index] ?? null),
    ),
  );
  screen.table(
    columns.map(([head]) => head),
    output.rows.map((_, row) => columns.map(([, ...cells]) => cells[row] ?? '')),
  );
}

/** The head and the cells of a column; those of numbers are padded on the left to one width. Pure. */
function alignColumn(name: string, cells: readonly Cell[]): readonly [string, ...string[]] {
  const numbers = cells.map(asNumber);
  if (cells.length === 0 || numbers.some((number) => number === null)) {
    return [name, ...cells.map((cell) => `${cell ?? ''}`)];
  }
  const decimals = Math.min(
    DECIMALS_MAX,
    Math.max(...cells.map((cell) => `${cell}`.split('.')[1]?.length ?? 0)),
  );
  const format = (number: number): string =>
    Math.abs(number) < SEPARATED_MIN
      ? number.toFixed(decimals)
      : number.toLocaleString('en', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  const texts = numbers.map((number) => format(number ?? 0));
  const width = Math.max(name.length, ...texts.map((text) => text.length));
  return [name.padStart(width), ...texts.map((text) => text.padStart(width))];
}

/** CSV has only text: what reads as a number is one. */
function asNumber(cell: Cell): number | null {
  if (typeof cell === 'number') return cell;
  if (typeof cell !== 'string' || cell.trim() === '') return null;
  const number = Number(cell);
  return Number.isFinite(number) ? number : null;
}
