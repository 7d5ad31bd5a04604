/** Rows of a delimited text; the first is its header. */
export interface Table {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads delimited text by RFC 4180, in one pass over its characters: quoted fields may hold delimiters, line breaks and
 * doubled quotes; a quote inside an unquoted field is a character like any other, and what follows a closing quote stays
 * with its field. Rows may have any number of fields.
 */
export function readCsv(text: string, delimiter: ',' | '\t'): Table {
  const rows: string[][] = [];
  let row: string[] = [];
  let index = text.startsWith('\ufeff') ? 1 : 0;
  const endRow = () => {
    rows.push(row);
    row = [];
  };
  while (index < text.length) {
    const field =
      text[index] === '"' ? quotedField(text, index, delimiter) : plainField(text, index, delimiter);
    row.push(field.value);
    index = field.end;
    if (text[index] === delimiter) {
      index++;
      if (index === text.length) row.push('');
      continue;
    }
    if (text[index] === '\r' && text[index + 1] === '\n') index++;
    index++;
    endRow();
  }
  if (row.length > 0) endRow();
  const [columns = [], ...body] = rows;
  return { columns, rows: body };
}

interface Field {
  readonly value: string;
  /** Where the delimiter or line break after it stands. */
  readonly end: number;
}

function plainField(text: string, start: number, delimiter: string): Field {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== '\n' && text[end] !== '\r') end++;
  return { value: text.slice(start, end), end };
}

function quotedField(text: string, start: number, delimiter: string): Field {
  let value = '';
  let index = start + 1;
  for (;;) {
    const quote = text.indexOf('"', index);
    // A quote that is never closed takes the rest of the text.
    if (quote === -1) return { value: value + text.slice(index), end: text.length };
    value += text.slice(index, quote);
    if (text[quote + 1] !== '"') {
      const rest = plainField(text, quote + 1, delimiter);
      return { value: value + rest.value, end: rest.end };
    }
    value += '"';
    index = quote + 2;
  }
}
