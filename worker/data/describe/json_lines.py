"""JSON lines: one object a line."""

import json

from cells import shown
from classify_cells import dates, datetimes
from column import Batch, Column
from faults import COLUMNS_SAMPLED_MAX, SAMPLE_ROWS, Fault
from names import check_count, check_name
from text_lines import refuse_other_formats, text_lines

BATCH_VALUES = 200_000
TYPES = {bool: "boolean", int: "integer", float: "number", list: "list", dict: "object"}


def describe_json_lines(file):
    head = file.peek(16)[:16]
    refuse_other_formats(head)
    if head.startswith(b"\xef\xbb\xbf"):
        raise Fault("byte_order_mark")
    if head.lstrip()[:1] == b"[":
        raise Fault("json_array")
    table = Table()
    for line, text in enumerate(text_lines(file), 1):
        if not text.isspace():
            table.take(parse(text, line))
    table.flush()
    if table.row_count == 0:
        raise Fault("empty")
    return list(table.columns.values()), table.row_count, table.sample()


def parse(text, line):
    try:
        record = json.loads(text, object_pairs_hook=pairs_once, parse_constant=refuse_constant)
    except RecursionError:
        raise Fault("nested_too_deep", line=line) from None
    except Twice as twice:
        raise Fault("duplicate_key", line=line, name=shown(twice.args[0])) from None
    except ValueError as error:
        raise Fault("not_json", line=line, character=getattr(error, "pos", 0) + 1) from None
    if not isinstance(record, dict):
        raise Fault("not_an_object", line=line)
    return record


class Twice(Exception):
    """A key that stands twice in one object."""


def pairs_once(pairs):
    record = dict(pairs)
    if len(record) != len(pairs):
        names = [name for name, _ in pairs]
        raise Twice(next(name for name in names if names.count(name) > 1))
    return record


def refuse_constant(name):
    raise ValueError(f"{name} is no JSON")


class Table:
    def __init__(self):
        self.columns = {}
        self.row_count = 0
        self.first = []
        self.pending = {}
        self.pending_values = 0

    def take(self, record):
        self.row_count += 1
        if len(self.first) < SAMPLE_ROWS:
            self.first.append(record)
        for name, value in record.items():
            if name not in self.columns:
                self.add_column(name)
            if value is not None:
                self.pending.setdefault(name, []).append(value)
                self.pending_values += 1
        if self.pending_values >= BATCH_VALUES:
            self.flush()

    def add_column(self, name):
        position = len(self.columns) + 1
        check_count(position)
        check_name(name, position, {})
        self.columns[name] = Column(name, catch_all="mixed")

    def flush(self):
        for name, values in self.pending.items():
            column = self.columns[name]
            column.present += len(values)
            column.add(classify(values))
        self.pending = {}
        self.pending_values = 0

    def sample(self):
        names = list(self.columns)[:COLUMNS_SAMPLED_MAX]
        return [[shown(record.get(name)) for name in names] for record in self.first]


def classify(values):
    kinds = {type(value) for value in values}
    if kinds == {str}:
        return classify_strings(values)
    if kinds in ({int}, {float}, {int, float}):
        return Batch("integer" if kinds == {int} else "number", min(values), max(values))
    if len(kinds) == 1:
        return Batch(TYPES[kinds.pop()])
    return Batch("mixed")


def classify_strings(values):
    for kind, read in (("date", dates), ("datetime", datetimes)):
        parsed = read(values)
        if parsed is not None:
            return Batch(kind, min(parsed), max(parsed))
    # pandas.read_json turns strings of digits into numbers unless it is told not to.
    has_digits = any(value.strip().isdigit() for value in values)
    return Batch("text", note={"kind": "digits_as_text"} if has_digits else None)
