import os

try:
    while True:
        os.write(4, b"x" * 65536)
except OSError:
    pass
raise SystemExit(2)
