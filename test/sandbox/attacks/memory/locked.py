import ctypes
import mmap

from attempt import LIBC, attempt


def lock():
    page = mmap.mmap(-1, 64 << 20)
    if LIBC.mlock(ctypes.c_void_p(ctypes.addressof(ctypes.c_char.from_buffer(page))), ctypes.c_size_t(64 << 20)) != 0:
        raise OSError(ctypes.get_errno(), "refused")


def lock_all():
    if LIBC.mlockall(3) != 0:
        raise OSError(ctypes.get_errno(), "refused")


attempt("lock 64 MiB", lock)
attempt("lock all", lock_all)
