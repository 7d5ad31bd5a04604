import socket

from attempt import attempt

attempt("raw ICMP", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP))
attempt("raw IPv6", lambda: socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58))
attempt("packet", lambda: socket.socket(17, socket.SOCK_RAW, 0x0300))
attempt("packet datagram", lambda: socket.socket(17, socket.SOCK_DGRAM, 0x0300))
