"""Progress: one line of JSON a report, on the descriptor that the executor names, never on stdout or stderr."""

import json
import math
import os

#: With it a line stays below PIPE_BUF (4,096 bytes), so that lines of several threads never mix.
MESSAGE_CHARACTERS_MAX = 300


def report(done, total, message):
    line = {"done": _number(done, "done")}
    if total is not None:
        line["total"] = _number(total, "total")
    if message:
        line["message"] = str(message)[:MESSAGE_CHARACTERS_MAX]
    descriptor = os.environ.get("CAUSEWAY_PROGRESS_FD")
    if descriptor is None:
        return
    try:
        os.write(int(descriptor), json.dumps(line).encode() + b"\n")
    except OSError:
        pass  # Nobody listens any more; the run goes on.


def _number(value, name):
    number = float(value)
    if not math.isfinite(number) or number < 0:
        raise ValueError(f"`{name}` is {value!r}; progress counts with finite numbers from 0 on")
    return int(number) if number.is_integer() else number
