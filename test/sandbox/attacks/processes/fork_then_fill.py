"""As many processes as there may be, and only then memory: what is named is what there was too much of."""

import os
import signal
import time

try:
    while True:
        if os.fork() == 0:
            while not os.path.exists("/tmp/full"):
                time.sleep(0.1)
            held = b"x" * (16 << 20)
            signal.pause()
except OSError:
    time.sleep(1)
    open("/tmp/full", "w").close()
    signal.pause()
