"""Writes some rows of a table that a run left as JSON: {columns, rows, total}. Runs in a sandbox, as any model does."""

import itertools
import json

with open("/inputs/parameters.json") as file:
    asked = json.load(file)
CELL_CHARS_MAX = asked["cell_chars_max"]


def shown(value):
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        # NaN and infinity are no JSON.
        return value if value - value == 0 else str(value)
    text = str(value)
    return text if len(text) <= CELL_CHARS_MAX else text[:CELL_CHARS_MAX] + "…"


def page_of(columns, rows, total):
    page, chars = [], 0
    for row in rows:
        cells = [shown(value) for value in row]
        chars += sum(len(str(cell)) + 3 for cell in cells)
        if chars > asked["page_chars_max"] and page:
            break
        page.append(cells)
    return {"columns": [shown(name) for name in columns], "rows": page, "total": total}


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
        reader = csv.reader(file, delimiter=delimiter)
        columns = next(reader, [])
        skipped = sum(1 for _ in itertools.islice(reader, asked["offset"]))
        rows = list(itertools.islice(reader, asked["limit"]))
        return page_of(columns, rows, skipped + len(rows) + sum(1 for _ in reader))


path = "/repo/" + asked["path"]
if path.endswith(".parquet"):
    page = parquet_page(path)
else:
    page = delimited_page(path, "\t" if path.endswith(".tsv") else ",")
with open("/outputs/page.json", "w") as file:
    json.dump(page, file)
