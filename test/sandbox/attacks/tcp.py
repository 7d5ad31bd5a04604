import json
import socket

from attempt import attempt

for host, port in json.load(open("/inputs/parameters.json"))["targets"]:
    attempt(f"{host}:{port}", lambda: socket.create_connection((host, port), 2))
    attempt(f"{host}:{port} non-blocking bind", lambda: socket.create_connection((host, port), 2, ("0.0.0.0", 40000)))
