import os
import socket

from attempt import HOST, attempt

with open("/outputs/kept.txt", "w") as file:
    file.write("kept")
os.symlink("/etc/passwd", "/outputs/passwd.txt")
os.symlink("/proc/1/environ", "/outputs/environ.txt")
os.symlink("../../../../../../../../etc/shadow", "/outputs/shadow.txt")
os.symlink(HOST["file"], "/outputs/host.txt")
os.symlink("/", "/outputs/root")
os.symlink("kept.txt", "/outputs/alias.txt")
with open("/outputs/first.txt", "w") as file:
    file.write("two names")
os.link("/outputs/first.txt", "/outputs/second.txt")
attempt("named pipe", lambda: os.mkfifo("/outputs/pipe"))
attempt("device", lambda: os.mknod("/outputs/device", 0o20666, os.makedev(1, 3)))
attempt("socket", lambda: socket.socket(socket.AF_UNIX).bind("/outputs/socket"))
attempt("link to the project", lambda: os.link("/repo/main.py", "/outputs/main.py"))
