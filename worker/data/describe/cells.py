"""Single cells: what counts as missing, and how a cell is shown."""

import json
import math
import re

from faults import CELL_CHARS_SHOWN

#: What pandas.read_csv takes for a missing value by default, so that counts here and frames there agree.
NULLS = frozenset(
    ["", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"]
    + ["<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"]
)

#: Controls, line separators, and characters that make text look other than it is (bidi marks, zero width).
UNSEEN = re.compile(
    "[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)

SAFE_INTEGER = 2**53 - 1


def shown(value):
    """A cell for the eye: one short line of text, or None where it is missing."""
    if value is None:
        return None
    if isinstance(value, bytes):
        text = f"({len(value)} bytes)"
    elif isinstance(value, str):
        text = value
    elif hasattr(value, "isoformat"):
        text = value.isoformat()
    elif isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False, default=str)
    elif isinstance(value, bool):
        text = "true" if value else "false"
    else:
        text = str(value)
    cut = text[:CELL_CHARS_SHOWN] + "\u2026" if len(text) > CELL_CHARS_SHOWN else text
    return UNSEEN.sub("\ufffd", cut).encode("utf-8", "replace").decode()


def bound(value):
    """A least or greatest value as JSON holds it: a number where a double keeps it exactly, else text."""
    if value is None or isinstance(value, str):
        return shown(value)
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    return shown(value)
