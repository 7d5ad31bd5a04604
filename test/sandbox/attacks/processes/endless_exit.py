import atexit
import time


def never_end():
    while True:
        time.sleep(1)


atexit.register(never_end)
print("done")
