import fcntl
import os

held = 0
try:
    while True:
        reading, writing = os.pipe()
        fcntl.fcntl(writing, 1031, 1 << 20)
        os.set_blocking(writing, False)
        held += os.write(writing, b"x" * (1 << 20))
except OSError as error:
    print("no more after", held, error)
