import os

block = bytes(range(256)) + b"\x1b]0;owned\x07\x1b[2J\x1b[31m\xff\xfe\xf0\x28\x8c\x28\xed\xa0\x80" + "\u202e\u2066\ufeff".encode()
for fd in (1, 2):
    os.write(fd, block)
raise SystemExit(1)
