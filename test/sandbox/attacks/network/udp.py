import socket

from attempt import HOST

for host, port in HOST["udp"]:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as udp:
                udp.sendto(b"stolen", (host, port))
                print("sent into the sandbox's own loopback", host)
        except OSError as error:
            print("refused", host, error)
