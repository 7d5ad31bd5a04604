import ctypes
import struct

from attempt import attempt, call

for command in range(0, 37):
    attributes = ctypes.create_string_buffer(struct.pack("<IIII", 2, 4, 4, 1), 128)
    attempt(f"bpf {command}", lambda: call(321, command, attributes, 128))
