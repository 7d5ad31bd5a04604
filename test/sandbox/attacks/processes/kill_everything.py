import os
import signal
import time

if os.fork() == 0:
    for number in range(1, 65):
        try:
            os.kill(-1, number)
        except OSError:
            pass
    os._exit(0)
time.sleep(0.3)
raise SystemExit(5)
