import socket

from attempt import attempt

for protocol in (0, 2, 9, 15, 16):
    attempt(f"netlink {protocol}", lambda: socket.socket(16, socket.SOCK_RAW, protocol))
