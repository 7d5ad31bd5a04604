import socket

server = socket.create_server(("127.0.0.1", 0), backlog=4096)
held = []
try:
    while True:
        held.append(socket.create_connection(server.getsockname(), 1))
        held.append(server.accept()[0])
except OSError as error:
    print("no more after", len(held), error)
