import { inspect, stripVTControlCharacters, styleText } from 'node:util';
import { maskSecrets } from '../../protocol/mask-secrets.ts';
import { snakeCaseJson } from '../../protocol/snake-case-json.ts';
import type { Failure } from './failure.ts';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** `text` in a style where `stream` is a terminal that shows one (`NO_COLOR` is respected), else `text` as it is. */
export function styled(style: Style, text: string, stream: NodeJS.WriteStream = process.stderr): string {
  return styleText(style, text, { stream });
}

/** A result: what a program or a person asked for. It goes to stdout; everything else goes to stderr. */
export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** A remark beside the result. What it quotes of others may hold a secret, so secrets are masked. */
export function printNote(text: string): void {
  process.stderr.write(`${maskSecrets(text)}\n`);
}

/** A result for a program. */
export function printJson(value: unknown): void {
  process.stdout.write(`${snakeCaseJson(value)}\n`);
}

/** A failure in three parts, its evidence first; what a log holds cannot steer the terminal. */
export function printFailure(failure: Failure): void {
  const lines = [
    ...failure.evidence.map((line) => styled('dim', `  | ${stripVTControlCharacters(line)}`)),
    `${styled('red', '✗')} ${styled('bold', failure.message)}`,
    `  why  ${failure.why}`,
    `  do   ${failure.remedy}`,
  ];
  printNote(`\n${lines.join('\n')}`);
}

/** How far something is, over what the line said before; the last one ends it with a newline, and is all that a file gets. */
export function printProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r  ${maskSecrets(text)}`);
  else if (text.endsWith('\n')) process.stderr.write(`  ${maskSecrets(text)}`);
}

/** What was thrown and is nobody's failure but a bug: with its stack, and whatever its causes quote masked. */
export function printBug(thrown: unknown): void {
  printNote(`\n${stripVTControlCharacters(inspect(thrown))}`);
}

/** Rows under their heads, columns as wide as their widest cell; numbers are right-aligned. Says so where there is no row. */
export function formatTable(
  heads: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [heads, ...(rows.length === 0 ? [['(none)']] : rows)].map((row) => row.map(String));
  const widths = heads.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  const numeric = heads.map(
    (_, column) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number'),
  );
  return cells
    .map((row) =>
      row
        .map((cell, column) =>
          numeric[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** "0.41 s", "12 s", "3 min 05 s". */
export function formatDuration(ms: number): string {
  if (ms < 10_000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms < 60_000) return `${Math.round(ms / 1000)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`;
}
