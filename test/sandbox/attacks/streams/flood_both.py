import os
import threading

block = b"z" * 65536


def flood(fd):
    while True:
        os.write(fd, block)


threading.Thread(target=flood, args=(2,)).start()
flood(1)
