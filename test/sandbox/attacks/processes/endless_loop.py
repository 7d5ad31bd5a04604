import time

started = time.monotonic()


def spin():
    while True:
        time.monotonic()


spin()
