type Cell = string | number | null;

/** Rows under their heads; the first column to the left, all others to the right with as many decimals as they need. */
export function table(heads: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const cells = [heads, ...rows.map((row) => row.map(shown))];
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** One decimal from ten on, two below, none from a thousand on; what was not measured is a dash. */
function shown(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (cell === null || !Number.isFinite(cell)) return '-';
  if (Number.isInteger(cell) || Math.abs(cell) >= 1000) return cell.toFixed(0);
  return cell.toFixed(Math.abs(cell) >= 10 ? 1 : 2);
}
