"""Whoever waits for the end of the output would wait for ever."""

import os
import signal

if os.fork() == 0:
    for fd in range(5):
        for _ in range(50):
            os.dup(fd)
    signal.pause()
print("the first process ends")
