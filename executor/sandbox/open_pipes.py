"""Goes before harness.py where an engine hands no descriptors on: takes 0 to 2 by name, as harness.py takes its others."""

import os

for fd, (name, mode) in enumerate((("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY))):
    opened = os.open("/tmp/." + name, mode)
    os.dup2(opened, fd)
    os.close(opened)
