"""The line of a timeout is read from stacks on the report pipe; here it is given by the program."""

import os

os.write(4, b'Current thread 0x01 (most recent call first):\n  File "/repo/../etc/\x1b[31mshadow", line 1 in run_as_main\n  File "<string>", line 1 in run_as_main\n')
while True:
    pass
