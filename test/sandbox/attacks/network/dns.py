import socket

from attempt import attempt

for name in ("example.com", "metadata.google.internal", "localhost.localdomain.example"):
    attempt(name, lambda: socket.getaddrinfo(name, 80))
attempt("a name server asked by hand", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"\x12\x34\x01\x00\x00\x01" + b"\0" * 6 + b"\x07example\x03com\0\0\x01\0\x01", ("8.8.8.8", 53)))
