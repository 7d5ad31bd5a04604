import fcntl
import os

for fd in (1, 2, 3, 4):
    for command, value in ((fcntl.F_SETFL, os.O_NONBLOCK | os.O_APPEND), (1031, 4096), (1031, 1 << 20), (1031, 1 << 30), (fcntl.F_SETOWN, 1), (10, 9)):
        try:
            fcntl.fcntl(fd, command, value)
        except (OSError, OverflowError):
            pass
try:
    os.write(1, b"x" * 100000)
except BlockingIOError:
    pass
os._exit(0)
