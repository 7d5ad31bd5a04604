import os

if os.fork() == 0:
    held = []
    while True:
        held.append(os.urandom(1 << 20) * 8)
os.wait()
