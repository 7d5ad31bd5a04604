"""Parquet: every page is read once, in batches, so that a damaged file is found here and not by a model."""

from cells import shown
from column import Batch, Column
from faults import COLUMNS_SAMPLED_MAX, SAMPLE_ROWS, Fault
from names import check_count, check_name

BATCH_VALUES = 1_000_000


def describe_parquet(path):
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise Fault("no_parquet_reader") from None
    pyarrow.set_cpu_count(1)
    try:
        with pyarrow.parquet.ParquetFile(path, pre_buffer=False, memory_map=False) as file:
            return describe_file(file)
    except (pyarrow.ArrowException, OSError, ValueError):
        raise Fault("not_parquet") from None


def describe_file(file):
    schema = file.schema_arrow
    check_names(schema.names)
    columns = [Column(field.name, catch_all="mixed") for field in schema]
    kinds = [kind_of(field.type) for field in schema]
    row_count = 0
    sample = []
    for batch in file.iter_batches(batch_size=max(1, BATCH_VALUES // len(columns)), use_threads=False):
        if len(sample) < SAMPLE_ROWS:
            sample += rows_of(batch.slice(0, SAMPLE_ROWS - len(sample)))
        row_count += batch.num_rows
        for column, kind, values in zip(columns, kinds, batch.columns):
            present = len(values) - values.null_count
            column.present += present
            if present > 0:
                column.add(Batch(kind, *extremes(kind, values)))
    return columns, row_count, sample


def check_names(names):
    if not names:
        raise Fault("empty")
    check_count(len(names))
    seen = {}
    for position, name in enumerate(names, 1):
        check_name(name, position, seen)


def kind_of(kind):
    from pyarrow import types

    if types.is_dictionary(kind):
        kind = kind.value_type
    tests = (
        ("boolean", types.is_boolean),
        ("integer", types.is_integer),
        ("number", lambda it: types.is_floating(it) or types.is_decimal(it)),
        ("date", types.is_date),
        ("datetime", types.is_timestamp),
        ("time", types.is_time),
        ("duration", types.is_duration),
        ("text", lambda it: types.is_string(it) or types.is_large_string(it) or types.is_string_view(it)),
        ("list", lambda it: types.is_list(it) or types.is_large_list(it) or types.is_fixed_size_list(it)),
        ("object", lambda it: types.is_struct(it) or types.is_map(it)),
        ("empty", types.is_null),
    )
    return next((name for name, test in tests if test(kind)), "binary")


def extremes(kind, values):
    if kind not in ("integer", "number", "date", "datetime"):
        return None, None
    from pyarrow import compute, types

    if types.is_dictionary(values.type):
        values = values.dictionary_decode()
    found = compute.min_max(values)
    return found["min"].as_py(), found["max"].as_py()


def rows_of(batch):
    columns = [column.to_pylist() for column in batch.columns[:COLUMNS_SAMPLED_MAX]]
    return [[shown(cell) for cell in row] for row in zip(*columns)]
