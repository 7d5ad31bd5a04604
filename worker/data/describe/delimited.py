"""CSV and TSV: a strict reading, row by row, in little memory (RFC 4180)."""

import csv

from cells import NULLS, shown
from classify_cells import classify, dates, has_formula, is_number
from column import Column
from faults import CELL_BYTES_MAX, COLUMNS_SAMPLED_MAX, SAMPLE_ROWS, Fault
from names import check_count, check_name
from text_lines import refuse_other_formats, text_lines

#: Cells that are held at a time.
BATCH_CELLS = 200_000
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}


def describe_delimited(file, delimiter):
    head = file.peek(16)[:16]
    refuse_other_formats(head)
    if head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"{", b"["):
        raise Fault("other_format", found="json")
    csv.field_size_limit(CELL_BYTES_MAX)
    lines = text_lines(file)
    rows = checked_rows(csv.reader(lines, delimiter=delimiter, strict=True))
    line, header = next(rows, (1, None))
    if header is None:
        raise Fault("empty")
    check_header(header, line, delimiter)
    table = Table(header)
    table.read(rows)
    refuse_data_as_header(header, table.columns, line)
    return table.columns, table.row_count, table.sample


def checked_rows(reader):
    """Yields (line, row) for rows that are not blank; a fault of quoting names the line where its row began."""
    line = 1
    try:
        for row in reader:
            if row:
                yield line, row
            line = reader.line_num + 1
    except csv.Error as error:
        text = str(error)
        if "field limit" in text:
            raise Fault("cell_too_large", line=line, limit=CELL_BYTES_MAX) from None
        if "end of data" in text:
            raise Fault("open_quote", line=line) from None
        if "new-line" in text:
            raise Fault("bare_carriage_return", line=line) from None
        raise Fault("bad_quoting", line=line) from None


def check_header(header, line, delimiter):
    check_count(len(header))
    if len(header) == 1:
        others = {name: header[0].count(sign) for sign, name in DELIMITERS.items() if sign != delimiter}
        name = max(others, key=others.get)
        if others[name] > 0:
            raise Fault("wrong_delimiter", line=line, expected=DELIMITERS[delimiter], found=name)
    if not any(header):
        raise Fault("no_header", line=line, cells=[])
    seen = {}
    for position, name in enumerate(header, 1):
        # A frame saved with its index has no name there, and pandas gives it this one.
        header[position - 1] = name or f"Unnamed: {position - 1}"
        check_name(header[position - 1], position, seen)


class Table:
    def __init__(self, header):
        self.columns = [Column(name) for name in header]
        self.row_count = 0
        self.sample = []

    def read(self, rows):
        width = len(self.columns)
        batch_rows = max(1, BATCH_CELLS // width)
        batch = []
        for line, row in rows:
            if len(row) != width:
                raise Fault("ragged_row", line=line, expected=width, found=len(row))
            batch.append(row)
            if len(batch) == batch_rows:
                self.add(batch)
                batch = []
        if batch:
            self.add(batch)

    def add(self, batch):
        if not self.sample:
            self.sample = [[sampled(cell) for cell in row[:COLUMNS_SAMPLED_MAX]] for row in batch[:SAMPLE_ROWS]]
        for column, cells in zip(self.columns, zip(*batch)):
            values = [cell for cell in cells if cell not in NULLS]
            column.present += len(values)
            if values:
                self.widen(column, values, cells)
        self.row_count += len(batch)

    def widen(self, column, values, cells):
        if column.kind != "text":
            column.add(classify(values, cells, self.row_count + 1))
        elif column.note is None and has_formula(values):
            column.note = {"kind": "formula_cells"}


def sampled(cell):
    return None if cell in NULLS else shown(cell)


def refuse_data_as_header(header, columns, line):
    """A first line that holds what its columns hold is no header. Years and dates across the top are one."""
    alike = [
        name
        for name, column in zip(header, columns)
        if (column.kind in ("integer", "number") and is_number(name) and not name.isdigit())
        or (column.kind == "date" and dates([name]) is not None)
    ]
    if alike or all(is_number(name) and not is_year(name) for name in header):
        raise Fault("no_header", line=line, cells=[shown(name) for name in (alike or header)[:3]])


def is_year(name):
    return name.isdigit() and 1900 <= int(name) <= 2100
