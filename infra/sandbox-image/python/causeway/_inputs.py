"""What a run was started with."""

import json
import os

PARAMETERS_FILE = "/inputs/parameters.json"


def read_parameters():
    try:
        with open(PARAMETERS_FILE, encoding="utf-8") as file:
            value = json.load(file)
    except FileNotFoundError:
        return {}
    if not isinstance(value, dict):
        raise TypeError(f"{PARAMETERS_FILE} holds a {type(value).__name__}; parameters are an object with names")
    return value


def read_seed():
    return int(os.environ.get("CAUSEWAY_SEED", "0"))
