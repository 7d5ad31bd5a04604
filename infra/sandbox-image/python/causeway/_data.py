"""Data sources: each is a folder below /data with exactly one file, data.csv, data.tsv, data.jsonl or data.parquet."""

import os

DATA_FOLDER = "/data"
FORMATS = ("csv", "tsv", "jsonl", "parquet")


def find_file(name):
    if isinstance(name, str) and name in _sources():
        for ending in FORMATS:
            path = f"{DATA_FOLDER}/{name}/data.{ending}"
            if os.path.exists(path):
                return path
    raise FileNotFoundError(_missing(name))


def _sources():
    try:
        return sorted(os.listdir(DATA_FOLDER))
    except FileNotFoundError:
        return []


def _missing(name):
    sources = _sources()
    has = f"it has: {', '.join(sources)}" if sources else "it has none; name them in `data` when you start the run"
    return f"this run has no data source {name!r}; {has}"


def _ending(path):
    return path.rpartition(".")[2]


def read_pandas(name, options):
    import pandas

    path = find_file(name)
    match _ending(path):
        case "csv":
            return pandas.read_csv(path, **options)
        case "tsv":
            return pandas.read_csv(path, **{"sep": "\t", **options})
        case "jsonl":
            return pandas.read_json(path, **{"lines": True, **options})
        case _:
            return pandas.read_parquet(path, **options)


def read_duckdb(name):
    import duckdb

    path = find_file(name)
    match _ending(path):
        case "csv":
            return duckdb.read_csv(path)
        case "tsv":
            return duckdb.read_csv(path, sep="\t")
        case "jsonl":
            return duckdb.read_json(path, format="newline_delimited")
        case _:
            return duckdb.read_parquet(path)


def scan_polars(name):
    import polars

    path = find_file(name)
    match _ending(path):
        case "csv":
            return polars.scan_csv(path)
        case "tsv":
            return polars.scan_csv(path, separator="\t")
        case "jsonl":
            return polars.scan_ndjson(path)
        case _:
            return polars.scan_parquet(path)
