import socket

from attempt import attempt

FAMILIES = {"ax25": 3, "ipx": 4, "x25": 9, "key": 15, "rds": 21, "pppox": 24, "can": 29, "tipc": 30, "bluetooth": 31, "alg": 38, "nfc": 39, "vsock": 40, "kcm": 41, "qipcrtr": 42, "smc": 43, "xdp": 44, "mctp": 45}
for name, family in FAMILIES.items():
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET, socket.SOCK_RAW):
        attempt(f"{name} {kind.name}", lambda: socket.socket(family, kind, 0))
        attempt(f"pair of {name} {kind.name}", lambda: socket.socketpair(family, kind, 0))
for name, protocol in {"sctp": 132, "dccp": 33, "udplite": 136, "mptcp": 262}.items():
    for kind in (socket.SOCK_SEQPACKET, 6):
        attempt(f"{name} {kind}", lambda: socket.socket(socket.AF_INET, kind, protocol))
