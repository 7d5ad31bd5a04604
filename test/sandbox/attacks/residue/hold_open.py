import socket
import time

server = socket.socket(socket.AF_UNIX)
server.bind("\0alice")
server.listen()
with open("/dev/shm/alice", "w") as file:
    file.write("alice's secret")
print("alice runs", flush=True)
time.sleep(60)
