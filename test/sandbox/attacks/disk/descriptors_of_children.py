import os
import signal

for _ in range(8):
    if os.fork() == 0:
        try:
            while True:
                os.open("/tmp", os.O_RDONLY)
        except OSError:
            signal.pause()
print("held")
