import socket

from attempt import HOST, attempt

for host, port in HOST["tcp"]:
    attempt(f"mapped {host}", lambda: socket.create_connection((f"::ffff:{host}", port), 0.5))
    attempt(f"translated {host}", lambda: socket.create_connection((f"64:ff9b::{host}", port), 0.5))
for host in ("::1", "fe80::1%lo", "fe80::1", "2001:4860:4860::8888", "fd00::1", "2002:7f00:1::"):
    attempt(host, lambda: socket.create_connection((host, HOST["tcp"][0][1]), 0.5))
