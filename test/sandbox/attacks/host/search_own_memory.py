"""The harness runs in this very process: ids of tenants and runs, addresses and capabilities must never have been in it."""

import re

from attempt import only

PATTERN = re.compile(rb"(?:ten|run|prj|tok|exe)_[0-9a-z]{16,}|btk_[0-9A-Za-z]{16,}|https?://127\.0\.0\.1:\d+|/sandboxes/causeway-[0-9a-f]+")
found = set()
with open("/proc/self/maps") as maps, open("/proc/self/mem", "rb", buffering=0) as memory:
    for line in maps:
        bounds, mode, *rest = line.split()
        if not mode.startswith("rw") or rest[-1] in ("[vvar]", "[vsyscall]"):
            continue
        first, last = (int(bound, 16) for bound in bounds.split("-"))
        try:
            memory.seek(first)
            found.update(PATTERN.findall(memory.read(min(last - first, 32 << 20))))
        except (OSError, OverflowError):
            pass
only("a word of the executor", [word for word in found if b"[0-9" not in word])
