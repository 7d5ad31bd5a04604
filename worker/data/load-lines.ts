import type { DataFormat } from '../../protocol/manifest.ts';
import type { Column } from './description.ts';

/** How a model gets at a source. */
export interface LoadLines {
  readonly mount_path: string;
  /** With the helper of the sandbox. */
  readonly load: string;
  /** With pandas alone. */
  readonly pandas: string;
}

/** Columns that are named in a line; more would bury it. */
const NAMED_MAX = 12;
const READERS = { csv: 'read_csv', tsv: 'read_csv', jsonl: 'read_json', parquet: 'read_parquet' } as const;
/** Options of pandas' readers by which a format is read at all; `causeway.data` knows them. */
const FORMAT_OPTIONS = { csv: [], tsv: ['sep="\\t"'], jsonl: ['lines=True'], parquet: [] } as const;

/** The lines of Python that load a source with the types that its description names. Pure. */
export function loadLines(name: string, format: DataFormat, columns: readonly Column[]): LoadLines {
  const path = `/data/${name}/data.${format}`;
  const options = typeOptions(format, columns);
  return {
    mount_path: path,
    load: `df = causeway.data(${[pythonText(name), ...options].join(', ')})`,
    pandas: `df = pandas.${READERS[format]}(${[pythonText(path), ...FORMAT_OPTIONS[format], ...options].join(', ')})`,
  };
}

function typeOptions(format: DataFormat, columns: readonly Column[]): string[] {
  if (format === 'parquet') return [];
  const dates = columns.filter(({ type }) => type === 'date' || type === 'datetime');
  const digits = columns.filter(
    ({ note }) =>
      note?.kind === 'leading_zeros' || note?.kind === 'long_digits' || note?.kind === 'digits_as_text',
  );
  const options: string[] = [];
  if (dates.length > 0) {
    const names = `[${dates.slice(0, NAMED_MAX).map(nameOf).join(', ')}]`;
    options.push(format === 'jsonl' ? `convert_dates=${names}` : `parse_dates=${names}`);
  }
  if (digits.length > 0) {
    const kept = digits.slice(0, NAMED_MAX).map((column) => `${nameOf(column)}: "str"`);
    // pandas.read_json guesses numbers in text unless it is told not to guess at all.
    options.push(format === 'jsonl' ? 'dtype=False' : `dtype={${kept.join(', ')}}`);
  }
  return options;
}

function nameOf({ name }: Column): string {
  return pythonText(name);
}

/** A string literal: JSON's is one of Python's as well. */
function pythonText(text: string): string {
  return JSON.stringify(text);
}
