import ctypes

from attempt import LIBC

made = 0
timer = ctypes.c_void_p()
interval = (ctypes.c_long * 4)(0, 1000000, 0, 1000000)
event = ctypes.create_string_buffer((0).to_bytes(8, "little") + (28).to_bytes(4, "little"), 64)
while made < 1000 and LIBC.timer_create(1, event, ctypes.byref(timer)) == 0:
    LIBC.timer_settime(timer, 0, interval, None)
    made += 1
print("timers:", made)
