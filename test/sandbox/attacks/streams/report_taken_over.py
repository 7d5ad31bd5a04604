import os

reading, writing = os.pipe()
os.dup2(writing, 4)
raise SystemExit(8)
