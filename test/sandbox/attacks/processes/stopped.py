import os
import signal
import time

for _ in range(10):
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
time.sleep(0.1)
print("left stopped")
