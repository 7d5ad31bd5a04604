import os
import signal

from attempt import attempt, call

child = os.fork()
if child == 0:
    signal.pause()
attempt("attach to a child", lambda: call(101, 16, child, 0, 0))
attempt("seize a child", lambda: call(101, 0x4206, child, 0, 0))
attempt("attach to the first process", lambda: call(101, 16, 1, 0, 0))
attempt("traceme", lambda: call(101, 0, 0, 0, 0))
attempt("process_vm_readv", lambda: call(310, child, 0, 0, 0, 0, 0))
attempt("process_vm_writev", lambda: call(311, child, 0, 0, 0, 0, 0))
attempt("memory of a child", lambda: os.write(os.open(f"/proc/{child}/mem", os.O_RDWR), b"x"))
os.kill(child, signal.SIGKILL)
