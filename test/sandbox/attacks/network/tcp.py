import socket

from attempt import HOST, attempt

for host, port in HOST["tcp"]:
    attempt(f"{host}:{port}", lambda: socket.create_connection((host, port), 2))
    attempt(f"{host}:{port} from a port of one's own", lambda: socket.create_connection((host, port), 2, ("0.0.0.0", 40000)))
