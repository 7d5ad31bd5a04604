import os
import socket

from attempt import attempt

attempt("abstract socket of alice", lambda: socket.socket(socket.AF_UNIX).connect("\0alice"))
attempt("shared memory of alice", lambda: open("/dev/shm/alice"))
attempt("signal to all", lambda: os.kill(2, 9))
