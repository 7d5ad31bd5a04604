import os
import socket

for folder in ("/tmp", "/outputs", "/dev/shm"):
    with open(os.path.join(folder, "trace-of-alice"), "w") as file:
        file.write("alice's secret")
socket.socket(socket.AF_UNIX).bind("\0trace-of-alice")
os.environ["TRACE"] = "alice's secret"
print("left")
