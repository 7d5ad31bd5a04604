import ctypes
import struct

from attempt import attempt, call

for kind in range(6):
    event = ctypes.create_string_buffer(struct.pack("<IIQ", kind, 128, 0), 128)
    for pid, cpu in ((0, -1), (-1, 0), (1, -1)):
        attempt(f"perf {kind} of {pid} on {cpu}", lambda: call(298, event, pid, cpu, -1, 0))
