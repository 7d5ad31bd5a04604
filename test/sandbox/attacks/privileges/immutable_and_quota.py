import fcntl
import os

from attempt import attempt, call

file = os.open("/outputs/file", os.O_CREAT | os.O_RDWR)
attempt("immutable", lambda: fcntl.ioctl(file, 0x40086602, b"\x10\0\0\0\0\0\0\0"))
attempt("swap on", lambda: call(167, b"/outputs/file", 0))
attempt("quota", lambda: call(179, 0x80000700, b"/tmp", 0, 0))
attempt("accounting", lambda: call(163, b"/outputs/file"))
attempt("freeze the file system", lambda: fcntl.ioctl(os.open("/outputs", os.O_RDONLY), 0xC0045877, b"\0" * 4))
attempt("clone the project's file", lambda: fcntl.ioctl(os.open("/repo/main.py", os.O_RDONLY), 0x40049409, file))
