import fcntl
import os

taken = 0
for path in ("/repo/main.py", "/inputs/parameters.json", "/outputs/own", "/etc/passwd", "/usr/bin/python3.13"):
    for how in (fcntl.LOCK_SH, fcntl.LOCK_EX):
        try:
            fcntl.flock(os.open(path, os.O_RDONLY | (os.O_CREAT if path == "/outputs/own" else 0)), how | fcntl.LOCK_NB)
            taken += 1
        except OSError:
            pass
print("locks:", taken)
