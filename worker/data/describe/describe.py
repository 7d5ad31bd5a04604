"""Checks and describes the one data source of this run, and leaves the answer as /outputs/description.json."""

import json
import os

from delimited import describe_delimited
from faults import COLUMNS_DESCRIBED_MAX, Fault
from json_lines import describe_json_lines
from parquet import describe_parquet


def run(data_folder="/data", outputs_folder="/outputs"):
    folder = os.path.join(data_folder, os.listdir(data_folder)[0])
    path = os.path.join(folder, os.listdir(folder)[0])
    try:
        answer = {"ok": True, "description": describe(path, path.rpartition(".")[2])}
    except Fault as fault:
        answer = {"ok": False, "fault": {"reason": fault.reason, **fault.place}}
    with open(os.path.join(outputs_folder, "description.json"), "w", encoding="utf-8") as file:
        json.dump(answer, file, allow_nan=False)


def describe(path, ending):
    columns, row_count, sample = read(path, ending)
    described = columns[:COLUMNS_DESCRIBED_MAX]
    return {
        "row_count": row_count,
        "column_count": len(columns),
        "columns": [column.described(row_count) for column in described],
        "sample": sample,
    }


def read(path, ending):
    if ending == "parquet":
        return describe_parquet(path)
    with open(path, "rb") as file:
        if ending == "jsonl":
            return describe_json_lines(file)
        return describe_delimited(file, "\t" if ending == "tsv" else ",")
