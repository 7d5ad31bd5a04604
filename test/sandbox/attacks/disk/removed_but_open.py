"""A file without a name still holds its bytes."""

import os

file = os.open("/outputs/hidden.bin", os.O_CREAT | os.O_RDWR)
os.remove("/outputs/hidden.bin")
while True:
    os.write(file, b"x" * (1 << 20))
