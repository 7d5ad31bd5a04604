import os

os.write(4, b"[" * 200000 + b"\n" + b'{"exit": "0"}\n{"exit": 1e9}\nnull\n')
os.write(3, b"[" * 200000 + b'\n{"done": "1"}\n{"done": 1e999}\nnull\n')
try:
    for _ in range(20):
        os.write(3, os.urandom(65536))
        os.write(4, os.urandom(65536))
except OSError as error:
    print("no longer heard:", error)
raise SystemExit(3)
