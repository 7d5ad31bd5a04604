import ctypes
import os

from attempt import LIBC

made = 0
while made < 500 and LIBC.mq_open(f"/mallory{made}".encode(), os.O_CREAT | os.O_RDWR, 0o600, None) >= 0:
    made += 1
print("queues:", made, ctypes.get_errno())
