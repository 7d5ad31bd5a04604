import os

os.write(4, b'{"exit": 4294967296000, "cause": "out_of_memory"}\n')
