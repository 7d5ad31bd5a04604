import socket

from attempt import attempt, only

with open("/proc/net/dev") as devices:
    only("an interface beside loopback", [line for line in devices.read().splitlines()[2:] if line.split(":")[0].strip() not in ("lo", "")])
with open("/proc/net/route") as routes:
    only("a route", routes.read().splitlines()[1:])
for name in ("eth0", "docker0", "ens3", "wlan0"):
    attempt(f"bind to {name}", lambda: socket.socket().setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, name.encode()))
