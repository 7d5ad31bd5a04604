import socket

held = []
try:
    while True:
        ends = socket.socketpair()
        for end in ends:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 64 << 20)
            end.setblocking(False)
            try:
                for _ in range(64):
                    end.send(b"x" * (1 << 20))
            except BlockingIOError:
                pass
        held += ends
except OSError as error:
    print("no more after", len(held), error)
