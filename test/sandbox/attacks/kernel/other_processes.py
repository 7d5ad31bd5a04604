import ctypes
import os

from attempt import HOST, attempt, call

block = ctypes.create_string_buffer(64)
for pid in (1, 2, HOST["pid"], os.getppid() or 4194303):
    attempt(f"kcmp {pid}", lambda: call(312, pid, os.getpid(), 0, 0, 0))
    attempt(f"read memory of {pid}", lambda: call(310, pid, block, 1, block, 1, 0))
    attempt(f"write memory of {pid}", lambda: call(311, pid, block, 1, block, 1, 0))
    attempt(f"seize {pid}", lambda: call(101, 0x4206, pid, 0, 0))
attempt("descriptor of a process", lambda: call(438, os.pidfd_open(1), 1, 0))
attempt("a process of the host", lambda: os.pidfd_open(HOST["pid"]))
attempt("signal a process of the host", lambda: os.kill(HOST["pid"], 9))
attempt("its priority", lambda: os.getpriority(os.PRIO_PROCESS, HOST["pid"]))
attempt("its session", lambda: os.getsid(HOST["pid"]))
attempt("its environment", lambda: open(f"/proc/{HOST['pid']}/environ").read())
