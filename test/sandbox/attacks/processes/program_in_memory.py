"""A program that lies in no file: it runs, and is bounded by what bounds every other."""

import os
import sys

memory = os.memfd_create("program")
with open(os.path.realpath(sys.executable), "rb") as file:
    while block := file.read(1 << 20):
        os.write(memory, block)
if os.fork() == 0:
    os.execve(memory, ["python", "-I", "-c", "import os; print('ran as', os.getuid(), open('/proc/self/status').read().split('CapEff:')[1][:17].strip())"], {"PYTHONHOME": sys.prefix})
os.wait()
