"""Writes some rows of a table as JSON: {columns, rows, total}. Runs in a sandbox, as any model does."""

import itertools
import json

with open("/inputs/parameters.json") as file:
    asked = json.load(file)
CELL_CHARS_MAX = asked["cell_chars_max"]
#: A larger one is not the same number in JSON's most used reader.
SAFE_INTEGER = 2**53 - 1


def shown(value):
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= SAFE_INTEGER:
        return value
    if isinstance(value, float):
        # NaN and infinity are no JSON.
        return value if value - value == 0 else str(value)
    if isinstance(value, (dict, list)):
        value = json.dumps(value, ensure_ascii=False, default=str)
    text = str(value)
    return text if len(text) <= CELL_CHARS_MAX else text[:CELL_CHARS_MAX] + "…"


def page_of(columns, rows, total):
    shown_max = len(columns if asked["columns"] is None else asked["columns"])
    page, chars = [], 0
    for row in rows:
        cells = [shown(value) for value in row[:shown_max]]
        chars += sum(len(str(cell)) + 3 for cell in cells)
        if chars > asked["page_chars_max"] and page:
            break
        page.append(cells)
    return {"columns": [shown(name) for name in columns[:shown_max]], "rows": page, "total": total}


def parquet_page(path):
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        wanted, skip, rows = asked["limit"], asked["offset"], []
        for batch in file.iter_batches(batch_size=8192, use_threads=False):
            if skip < batch.num_rows:
                part = batch.slice(skip, wanted - len(rows))
                rows += zip(*(column.to_pylist() for column in part.columns))
            skip = max(0, skip - batch.num_rows)
            if len(rows) >= wanted:
                break
        return page_of(file.schema_arrow.names, rows, file.metadata.num_rows)


def delimited_page(path, delimiter):
    import csv

    csv.field_size_limit(1 << 24)
    with open(path, newline="", encoding="utf-8-sig", errors="replace") as file:
        # A blank line is no row, as for pandas.
        reader = filter(None, csv.reader(file, delimiter=delimiter))
        header = next(reader, [])
        return page_of(asked["columns"] or header, *window(reader))


def json_lines_page(path):
    with open(path, encoding="utf-8") as file:
        records, total = window(line for line in file if not line.isspace())
    rows = [[record.get(name) for name in asked["columns"]] for record in map(json.loads, records)]
    return page_of(asked["columns"], rows, total)


def window(rows):
    """The rows asked for, and how many there are in all."""
    skipped = sum(1 for _ in itertools.islice(rows, asked["offset"]))
    taken = list(itertools.islice(rows, asked["limit"]))
    if asked["total"] is not None:
        return taken, asked["total"]
    return taken, skipped + len(taken) + sum(1 for _ in rows)


path = "/data/table/data." + asked["format"]
match asked["format"]:
    case "parquet":
        page = parquet_page(path)
    case "jsonl":
        page = json_lines_page(path)
    case "tsv":
        page = delimited_page(path, "\t")
    case _:
        page = delimited_page(path, ",")
with open("/outputs/page.json", "w", encoding="utf-8", errors="replace") as file:
    json.dump(page, file, ensure_ascii=False)
