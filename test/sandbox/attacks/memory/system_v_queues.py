import ctypes

from attempt import LIBC

queues = 0
message = ctypes.create_string_buffer((1).to_bytes(8, "little") + b"x" * 8000)
while queues < 200:
    queue = LIBC.msgget(0, 0o1600)
    if queue < 0:
        break
    while LIBC.msgsnd(queue, message, ctypes.c_size_t(8000), 0o4000) == 0:
        pass
    queues += 1
sets = 0
while sets < 200 and LIBC.semget(0, 100, 0o1600) >= 0:
    sets += 1
print("queues:", queues, "semaphores:", sets)
