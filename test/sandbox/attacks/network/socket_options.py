"""gVisor takes some of these in silence; what counts is what then leaves the sandbox."""

import socket

from attempt import HOST

tcp = socket.socket()
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
number = b"\x01\0\0\0"
for name, level, option in (
    ("mark", socket.SOL_SOCKET, 36),
    ("filter by bpf", socket.SOL_SOCKET, 50),
    ("reuse port by bpf", socket.SOL_SOCKET, 52),
    ("debug", socket.SOL_SOCKET, 1),
    ("repair", socket.IPPROTO_TCP, 19),
    ("transparent", socket.IPPROTO_IP, 19),
    ("header of one's own", socket.IPPROTO_IP, 3),
    ("netfilter", socket.IPPROTO_IP, 64),
    ("netfilter for IPv6", socket.IPPROTO_IPV6, 64),
    ("arptables", socket.IPPROTO_IP, 96),
):
    for kind in (tcp, udp):
        try:
            kind.setsockopt(level, option, number + b"\0" * 60)
        except OSError as error:
            print("refused", name, error)
for host, port in HOST["udp"]:
    for kind in (udp, tcp):
        try:
            kind.settimeout(1)
            kind.connect((host, port))
            kind.send(b"stolen")
        except OSError as error:
            print("refused", host, error)
