import ctypes
import os
import socket

for folder in ("/tmp", "/outputs", "/dev/shm"):
    with open(os.path.join(folder, "trace-of-alice"), "w") as file:
        file.write("alice's secret")
socket.socket(socket.AF_UNIX).bind("\0trace-of-alice")
ctypes.CDLL(None).shmget(0xA11CE, 4096, 0o1666)
ctypes.CDLL(None).msgget(0xA11CE, 0o1666)
os.environ["TRACE"] = "alice's secret"
os.umask(0)
print("left")
