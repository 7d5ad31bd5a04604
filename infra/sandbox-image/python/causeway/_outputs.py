"""Outputs: files below /outputs, which the platform keeps when the run has ended."""

import os

OUTPUTS_FOLDER = "/outputs"
TABLE_FORMATS = ("csv", "tsv", "jsonl", "json", "parquet", "xlsx")
NAME_BYTES_MAX = 255


def output_path(name):
    parts = _checked_parts(name)
    folder = "/".join([OUTPUTS_FOLDER, *parts[:-1]])
    os.makedirs(folder, exist_ok=True)
    return f"{folder}/{parts[-1]}"


def _checked_parts(name):
    if not isinstance(name, str):
        raise TypeError(f"an output's name is a string, not a {type(name).__name__}")
    parts = name.split("/")
    if any(part in ("", ".", "..") or not part.isprintable() for part in parts):
        raise ValueError(f"{name!r} is no name for an output; use one like 'summary.csv' or 'charts/revenue.png'")
    if any(len(part.encode()) > NAME_BYTES_MAX for part in parts):
        raise ValueError(f"a part of an output's name is at most {NAME_BYTES_MAX} bytes long")
    return parts


def save_value(value, name):
    path = output_path(name)
    ending = name.rpartition(".")[2].lower()
    if hasattr(value, "savefig"):
        value.savefig(path)
        return path
    if ending not in TABLE_FORMATS:
        raise ValueError(f"{name!r} does not end in a table format; those are: .{', .'.join(TABLE_FORMATS)}")
    _write_table(_as_pandas(value), path, ending)
    return path


def _as_pandas(value):
    import pandas

    if isinstance(value, pandas.DataFrame):
        return value
    if isinstance(value, pandas.Series):
        return value.to_frame()
    for method in ("to_pandas", "df"):  # Polars and PyArrow; DuckDB
        if hasattr(value, method):
            return getattr(value, method)()
    raise TypeError(f"cannot save a {type(value).__name__}; pass a DataFrame, a table or a matplotlib figure")


def _write_table(frame, path, ending):
    from pandas import RangeIndex

    if not (isinstance(frame.index, RangeIndex) and frame.index.name is None):
        frame = frame.reset_index()
    match ending:
        case "csv":
            frame.to_csv(path, index=False)
        case "tsv":
            frame.to_csv(path, index=False, sep="\t")
        case "jsonl":
            frame.to_json(path, orient="records", lines=True, date_format="iso")
        case "json":
            frame.to_json(path, orient="records", date_format="iso", indent=1)
        case "parquet":
            frame.to_parquet(path, index=False)
        case "xlsx":
            frame.to_excel(path, index=False)
