import array
import fcntl
import os
import socket
import termios

from attempt import attempt

here = os.open("/", os.O_RDONLY)
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [here]))]
for fd in range(5):
    attempt(f"send a descriptor over {fd}", lambda: socket.socket(fileno=os.dup(fd)).sendmsg([b"x"], rights))
    attempt(f"type into {fd}", lambda: fcntl.ioctl(fd, termios.TIOCSTI, b"x"))
    attempt(f"take {fd} as terminal", lambda: fcntl.ioctl(fd, termios.TIOCSCTTY, 1))
