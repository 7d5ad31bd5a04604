"""Pages given to a pipe and changed afterwards."""

import ctypes
import mmap

from attempt import LIBC

page = mmap.mmap(-1, 4096)
page.write(b"y" * 4096)
vector = (ctypes.c_uint64 * 2)(ctypes.addressof(ctypes.c_char.from_buffer(page)), 4096)
if LIBC.vmsplice(1, vector, 1, 8) != 4096:
    print("refused")
page.seek(0)
page.write(b"z" * 4096)
