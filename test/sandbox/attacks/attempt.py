"""How an attack says what it met; it lies beside each attack in /repo."""

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


def attempt(name, action):
    """One line: an OSError is a refusal, anything else is a way through."""
    try:
        result = action()
    except OSError as error:
        print(f"refused {name}: {error}", flush=True)
    else:
        print(f"GOT THROUGH {name}: {result!r}", flush=True)


def call(number, *arguments):
    ctypes.set_errno(0)
    result = LIBC.syscall(number, *arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def in_child(action):
    """For calls that only a process with one thread may make."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except OSError:
            os._exit(0)
        os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        raise OSError("refused in the child")
    return "done"
