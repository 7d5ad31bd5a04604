import os
import time

for _ in range(4):
    os.fork()
until = time.monotonic() + 0.7
while time.monotonic() < until:
    pass
