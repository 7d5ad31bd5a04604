import os

block = b"y" * 65536
while True:
    os.write(1, block)
