"""A pipe opened again by its name in /proc can be read from the wrong end."""

import os

for fd in (0, 1, 2, 3, 4):
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR):
        try:
            again = os.open(f"/proc/self/fd/{fd}", flags | os.O_NONBLOCK)
            os.read(again, 65536)
        except OSError:
            pass
print("still heard")
