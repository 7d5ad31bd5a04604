import ctypes
import os
import struct

from attempt import attempt, call

SETXATTRAT, AT_FDCWD = 463, -100
VALUE = b"\x01\0\0\x02" + b"\xff" * 16


def by_new_call(path, name):
    value = ctypes.create_string_buffer(VALUE, len(VALUE))
    arguments = struct.pack("<QII", ctypes.addressof(value), len(VALUE), 0)
    size = ctypes.c_size_t(len(arguments))
    return call(SETXATTRAT, AT_FDCWD, os.fsencode(path), ctypes.c_long(0), name.encode(), arguments, size)


def by_descriptor(path, name):
    with open(path) as file:
        os.setxattr(file.fileno(), name, VALUE)


for folder in ("/outputs", "/tmp", "/dev/shm"):
    path = os.path.join(folder, "file")
    open(path, "w").close()
    for name in ("security.capability", "trusted.overlay.opaque", "security.selinux", "system.posix_acl_access", "user.hidden"):
        attempt(f"{name} in {folder}", lambda: os.setxattr(path, name, VALUE))
        attempt(f"{name} in {folder}, link", lambda: os.setxattr(path, name, VALUE, follow_symlinks=False))
        attempt(f"{name} in {folder} by descriptor", lambda: by_descriptor(path, name))
        attempt(f"{name} in {folder} by the new call", lambda: by_new_call(path, name))
