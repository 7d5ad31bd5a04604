"""How an attack says what it met; it lies beside each attack in /repo."""

import ctypes
import json
import os
import time

LIBC = ctypes.CDLL(None, use_errno=True)

with open("/inputs/parameters.json") as _file:
    # What Mallory knows of the host: `file` and `folder` with a secret, `pid` of a process, addresses and sockets.
    HOST = json.load(_file)


def attempt(name, action):
    """One line: an OSError is a refusal, anything else is a way through."""
    try:
        result = action()
    except OSError as error:
        print(f"refused {name}: {error}", flush=True)
    else:
        print(f"GOT THROUGH {name}: {result!r}", flush=True)


def only(name, found):
    """Says that a search found nothing, or what it found."""
    print(f"GOT THROUGH {name}: {found!r}" if found else f"refused {name}: nothing found", flush=True)


def call(number, *arguments):
    ctypes.set_errno(0)
    result = LIBC.syscall(number, *arguments)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def in_child(action):
    """For calls that only a process with one thread may make, and for those that may kill their caller."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException:
            os._exit(0)
        os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 1:
        raise OSError("refused in the child")
    return "done"


def during(seconds):
    """For races: counts while the time lasts."""
    until = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < until:
        yield turn
        turn += 1
