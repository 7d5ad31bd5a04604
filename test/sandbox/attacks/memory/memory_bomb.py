import os

held = []
while True:
    held.append(os.urandom(1 << 20) * 8)
