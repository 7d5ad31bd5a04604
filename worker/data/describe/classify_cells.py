"""The type of text cells, as pandas and DuckDB would read them from a CSV file."""

from datetime import date, datetime

from cells import NULLS
from column import Batch

BOOLEANS = frozenset(["True", "TRUE", "true", "False", "FALSE", "false"])
INT64 = 2**63 - 1
#: A longer row of digits may not fit 64 bits, and pandas would round it.
DIGITS_SURE = 18


def classify(values, cells, first_row):
    """The type that all of `values` have, which are `cells` without the missing ones; rows count from 1."""
    if values[0] in BOOLEANS and all(value in BOOLEANS for value in values):
        return Batch("boolean")
    digits_kept = has_leading_zero(values) or has_long_digits(values)
    readers = [dates, datetimes] if digits_kept or not is_plain(values) else [integers, numbers, dates, datetimes]
    for read in readers:
        parsed = read(values)
        if parsed is not None:
            return Batch(read.__name__[:-1], min(parsed), max(parsed))
    return Batch("text", note=note_on_text(values, cells, first_row))


def is_plain(values):
    """Python's own numbers may have underscores and the digits of any script; a data file's have not."""
    joined = "".join(values)
    return joined.isascii() and "_" not in joined


def has_leading_zero(values):
    return any(value[0] == "0" and len(value) > 1 and value.isdigit() for value in values)


def has_long_digits(values):
    return any(len(value) > DIGITS_SURE and value.lstrip("+-").isdigit() for value in values)


def integers(values):
    try:
        return list(map(int, values))
    except ValueError:
        return None


def numbers(values):
    try:
        parsed = list(map(float, values))
    except ValueError:
        return None
    return None if any(value != value for value in parsed) else parsed


def dates(values):
    if any(len(value) != 10 or value[4] != "-" for value in values):
        return None
    try:
        return list(map(date.fromisoformat, values))
    except ValueError:
        return None


def datetimes(values):
    if any(len(value) < 16 or value[4] != "-" or value[10] not in "T " for value in values):
        return None
    try:
        parsed = list(map(datetime.fromisoformat, values))
    except ValueError:
        return None
    # Times with and without a zone have no order between them.
    return parsed if len({value.tzinfo is None for value in parsed}) == 1 else None


def note_on_text(values, cells, first_row):
    """Why cells that look like something else are text, or None."""
    if all(value.lstrip("+-").isdigit() for value in values):
        return {"kind": "leading_zeros" if has_leading_zero(values) else "long_digits"}
    if has_formula(values):
        return {"kind": "formula_cells"}
    return note_on_odd_cell(values, cells, first_row)


def has_formula(values):
    return any(value[0] in "=@" for value in values)


def note_on_odd_cell(values, cells, first_row):
    """Where at least nine of ten cells are numbers: the first one that is not."""
    if not (is_number(values[0]) or is_number(values[-1])):
        return None
    rows = enumerate(cells, first_row)
    odd = [(row, cell) for row, cell in rows if cell not in NULLS and not is_number(cell)]
    if not odd or len(odd) * 10 > len(values):
        return None
    row, cell = odd[0]
    return {"kind": "mixed", "row": row, "cell": cell}


def is_number(text):
    """Whether a cell reads as a number; `inf` and `nan` are words here."""
    try:
        float(text)
    except ValueError:
        return False
    return any(character.isdigit() for character in text)
