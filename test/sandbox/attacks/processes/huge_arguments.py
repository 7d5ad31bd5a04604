import os
import sys

from attempt import attempt

for size in (1 << 18, 1 << 20, 8 << 20):
    attempt(f"one argument of {size}", lambda: os.execv(sys.executable, [sys.executable, "-c", "x" * size]))
attempt("very many arguments", lambda: os.execv(sys.executable, [sys.executable, "-c", *(["x" * 1000] * 20000)]))
attempt("a huge environment", lambda: os.execve(sys.executable, [sys.executable, "-c", "pass"], {f"V{number}": "x" * 100000 for number in range(100)}))
