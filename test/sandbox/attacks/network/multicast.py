import socket

from attempt import attempt


def send(family, address, *options):
    with socket.socket(family, socket.SOCK_DGRAM) as udp:
        udp.settimeout(1)
        for level, option, value in options:
            udp.setsockopt(level, option, value)
        udp.sendto(b"anyone there?", address)
        return udp.recv(100)


attempt("broadcast", lambda: send(socket.AF_INET, ("255.255.255.255", 67), (socket.SOL_SOCKET, socket.SO_BROADCAST, 1)))
attempt("all hosts", lambda: send(socket.AF_INET, ("224.0.0.1", 5353)))
attempt("multicast DNS", lambda: send(socket.AF_INET, ("224.0.0.251", 5353), (socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 32)))
attempt("all IPv6 nodes", lambda: send(socket.AF_INET6, ("ff02::1", 5353)))
attempt("all IPv6 nodes of the site", lambda: send(socket.AF_INET6, ("ff05::1", 5353)))
