import { describeQuantity } from '../../protocol/describe-quantity.ts';
import type { DataFormat } from '../../protocol/manifest.ts';
import { quoted } from '../input/quoted.ts';
import type { Fault } from './description.ts';

/** What a fault of data means and what to do about it, for whoever sent the data. */
export interface Explanation {
  readonly message: string;
  readonly hint: string;
}

const RESAVE = 'Export it again as plain text in UTF-8, and import that.';

/** Pure. Text out of the data appears only quoted, on one line, without control characters. */
export function explainFault(fault: Fault, format: DataFormat): Explanation {
  const called = format.toUpperCase();
  switch (fault.reason) {
    case 'empty':
      return say('The data is empty.', 'Send at least a header line, or one JSON object.');
    case 'other_format':
      return say(`This is no ${called}: it looks like ${quoted(fault.found)}.`, remedyForFormat(fault.found));
    case 'binary':
      return say(`This is no ${called}: line ${fault.line} holds a NUL byte, which text never does.`, RESAVE);
    case 'not_utf8':
      return say(`Line ${fault.line} is not valid UTF-8 (at its byte ${fault.byte}).`, RESAVE);
    case 'byte_order_mark':
      return say('The data starts with a byte order mark.', 'Save it as UTF-8 without BOM.');
    case 'line_too_long':
      return say(
        `Line ${fault.line} is over ${describeQuantity(fault.limit, 'bytes')}.`,
        'Check the line ends; each record ends with a line feed.',
      );
    case 'cell_too_large':
      return say(
        `A cell in the row of line ${fault.line} is over ${describeQuantity(fault.limit, 'bytes')}.`,
        'Look for a quote that is never closed there, or shorten the cell.',
      );
    case 'open_quote':
      return say(
        `The row that starts in line ${fault.line} opens a quote that is never closed.`,
        'Close it, or double each " that belongs to the text.',
      );
    case 'bad_quoting':
      return say(
        `The row that starts in line ${fault.line} has text after a closing quote.`,
        'Double each " inside of a quoted cell.',
      );
    case 'bare_carriage_return':
      return say(
        `The row that starts in line ${fault.line} has a carriage return without a line feed.`,
        'Save the file with line ends of LF or CR LF.',
      );
    case 'wrong_delimiter':
      return say(
        `Line ${fault.line} has no ${fault.expected}, but a ${quoted(fault.found)} between what look like columns.`,
        fault.found === 'tab'
          ? 'Import it with format tsv.'
          : `Export it with a ${fault.expected} between cells.`,
      );
    case 'no_header':
      return say(
        fault.cells.length === 0
          ? `Line ${fault.line} names no column.`
          : `Line ${fault.line} should name the columns, but holds values: ${fault.cells.map((cell) => `\`${quoted(cell ?? '')}\``).join(', ')}.`,
        'Put a first line with one name for each column.',
      );
    case 'ragged_row':
      return say(
        `Line ${fault.line} has ${count(fault.found, 'cell')}, but the header names ${count(fault.expected, 'column')}.`,
        fault.found > fault.expected
          ? 'Quote cells that hold the delimiter, as in "1,234"; every row has one cell for each column.'
          : 'Fill the row up with empty cells, or remove the line if it is no data.',
      );
    case 'too_many_columns':
      return say(
        `The data has ${fault.found} columns or more; ${fault.limit} are allowed.`,
        'Turn columns into rows (one row for each entity, period and value), or drop some.',
      );
    case 'empty_name':
      return say(`Column ${fault.column} has no name.`, 'Give each column a name.');
    case 'name_too_long':
      return say(`The name of column ${fault.column} is over ${fault.limit} characters.`, 'Shorten it.');
    case 'unseen_characters_in_name':
      return say(
        `The name of column ${fault.column}, \`${quoted(fault.name)}\`, has characters that cannot be seen.`,
        'Type the name anew, without control, zero-width and direction characters.',
      );
    case 'duplicate_column':
      return say(
        `Columns ${fault.first} and ${fault.column} are both named \`${quoted(fault.name)}\`.`,
        'Give each column a name of its own.',
      );
    case 'json_array':
      return say(
        'This is one JSON array; JSON lines have one object on each line.',
        'Write each element on a line of its own, without commas between: jq -c ".[]" does it.',
      );
    case 'not_json':
      return say(
        `Line ${fault.line} is not JSON (at its character ${fault.character}).`,
        'Each line holds one whole JSON object; NaN and Infinity are no JSON.',
      );
    case 'not_an_object':
      return say(`Line ${fault.line} is JSON, but no object.`, 'Write each row as {"column": value, ...}.');
    case 'duplicate_key':
      return say(
        `Line ${fault.line} has the key \`${quoted(fault.name)}\` twice.`,
        'Keep one value for each key.',
      );
    case 'nested_too_deep':
      return say(`Line ${fault.line} is nested too deep.`, 'Flatten the object.');
    case 'not_parquet':
      return say(
        'This is no Parquet file, or it is damaged.',
        'Write it again, for example with pandas: df.to_parquet("data.parquet"); check that it arrived whole.',
      );
    case 'no_parquet_reader':
      return say(
        'The sandboxes of this deployment have no Parquet reader.',
        'Import the data as CSV; whoami lists what is absent.',
      );
  }
}

function say(message: string, hint: string): Explanation {
  return { message, hint };
}

function remedyForFormat(found: string): string {
  switch (found) {
    case 'parquet':
      return 'Import it with format parquet.';
    case 'json':
      return 'Import one JSON object a line with format jsonl, or convert it to CSV.';
    case 'html':
      return 'A web page was saved instead of the data, often a login page: download the data itself.';
    case 'gzip':
    case 'zstd':
      return 'Unpack it first.';
    default:
      return RESAVE;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
