"""Runs inside every sandbox as its first process: warms, attaches, waits for one order, runs the agent's file, says how it ended.

The text of this file travels as an argument of python, so frames of it are named "<string>". Its word is not trusted:
all that it reports is what the program could do to itself anyway (exit with a code, blame its memory). Whatever can be
done before the order comes is done before: under gVisor a system call takes tens of microseconds, a thread milliseconds.

A copy of this process may be what goes on after it warmed (a snapshot): what is one sandbox's own comes after attaching.
"""

import atexit
import builtins
import ctypes
import errno
import faulthandler
import json
import os
import random
import resource
import signal
import struct
import sys
import threading
import types

# Named pipes of the host; it unlinks them before the program runs.
PROGRESS_PIPE, REPORT_PIPE = "/tmp/.progress", "/tmp/.report"
PROGRESS_FD, REPORT_FD = 3, 4
# Not seen from outside: the sandbox's own file system.
SHARED_MEMORY = "/dev/shm"
# Address space beyond the memory limit: libraries reserve far more than they touch.
ADDRESS_SPACE_SLACK_BYTES = 2 << 30


def take_away_calls():
    """Those that the seccomp profile cannot refuse; they answer ENOSYS, on which a C library does without.

    The flags of clone3 could make namespaces, unseen by the profile. Calls of newer kernels have no name yet in the
    library with which runc reads the profile, so it leaves them open: setxattrat, open_tree_attr, file_setattr.
    A seccomp filter of five instructions (seccomp(2)): load the number of the call; judge it.
    """
    set_seccomp, mode_filter, clone3, first_new = 22, 2, 435, 451
    answer_errno, allow = 0x00050000, 0x7FFF0000
    program = b"".join(
        struct.pack("<HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),
            (0x35, 1, 0, first_new),
            (0x15, 0, 1, clone3),
            (0x06, 0, 0, answer_errno | errno.ENOSYS),
            (0x06, 0, 0, allow),
        )
    )
    memory = ctypes.create_string_buffer(program)
    header = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(memory))
    if ctypes.CDLL(None).prctl(set_seccomp, mode_filter, header, 0, 0) != 0:
        raise SystemExit("seccomp is refused")


def rehearse():
    """Uses once what programs use: much of it loads itself on first use, and each copy has its memory to fetch again."""
    json.loads("{}")
    exec(compile("for n in range(3):\n    str(n)\n", "<rehearsal>", "exec", dont_inherit=True), {})
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "pandas" in sys.modules:
        import io

        import pandas

        table = "day,kind,value\n2024-01-01,a,1.5\n2024-02-01,b,2\n"
        frame = pandas.read_csv(io.StringIO(table), parse_dates=["day"])
        frame["month"] = frame["day"].dt.to_period("M").astype(str)
        sums = frame.groupby("kind", as_index=False)["value"].sum().sort_values("value")
        sums.to_csv(io.StringIO(), index=False)
        str(frame.describe())


def prepare():
    """All that depends neither on the sandbox nor on the order. Returns the address space in use."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    sys.dont_write_bytecode = True
    os.chdir("/repo")
    with open("/proc/self/statm") as statm:
        return int(statm.read().split()[0]) * resource.getpagesize()


def say(message):
    try:
        os.write(REPORT_FD, (json.dumps(message) + "\n").encode())
    except OSError:
        pass


def open_pipes():
    for path, fd in ((PROGRESS_PIPE, PROGRESS_FD), (REPORT_PIPE, REPORT_FD)):
        if os.open(path, os.O_WRONLY) != fd:
            raise SystemExit("an import left a file open")
        os.set_inheritable(fd, True)


def close_pipes():
    for fd in (PROGRESS_FD, REPORT_FD):
        os.close(fd)


def attach():
    """Waits for the word to become a sandbox of its own; whoever takes a snapshot never gives it."""
    open_pipes()
    say({"imported": True})
    close_pipes()
    read_line()
    open_pipes()
    # On this signal the stacks of all threads are written, also when the program is deep in C: the line of a timeout.
    faulthandler.register(signal.SIGUSR1, file=REPORT_FD, all_threads=True)


def read_line():
    """A line of stdin; none means that the executor is gone."""
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    return line


def wait_for_order():
    """One JSON line on stdin; then stdin is empty for the program."""
    null = os.open(os.devnull, os.O_RDONLY)
    line = read_line()
    os.dup2(null, 0)
    os.close(null)
    return json.loads(line)


def obey(order, address_space):
    """Takes on the limits, seeds and arguments of the order; returns the path to run."""
    os.environ.update(order["environment"])
    # An allocation that can never fit raises MemoryError at its own line, where the cgroup would end everything.
    most = address_space + 2 * order["memory_bytes"] + ADDRESS_SPACE_SLACK_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    # Linux counts this limit over every process of the user on the host; gVisor over those of the sandbox.
    if order["processes_max"] is not None:
        resource.setrlimit(resource.RLIMIT_NPROC, (order["processes_max"],) * 2)
    random.seed(order["seed"])
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(order["seed"] % 2**32)
    path = os.path.join("/repo", order["entry"])
    sys.argv = [path]
    sys.path[:0] = list(dict.fromkeys([os.path.dirname(path), "/repo"]))
    return path


def run_as_main(path):
    """What `python path` does, in a fresh `__main__`."""
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    with open(path, "rb") as file:
        source = file.read()
    exec(compile(source, path, "exec", dont_inherit=True), main.__dict__)


def without_harness(traceback):
    while traceback is not None and traceback.tb_frame.f_globals is globals():
        traceback = traceback.tb_next
    return traceback


def cause_of(error):
    if isinstance(error, MemoryError):
        return "memory_error"
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:
        # A refused fork says so, and so does a read that would block: the executor looks how many processes there were.
        return "try_again"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC and is_full(SHARED_MEMORY):
        return "shared_memory_full"
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "process_error"
    return None


def is_full(folder):
    room = os.statvfs(folder)
    return room.f_bavail == 0 or room.f_ffree == 0


def exit_code_of(error):
    """(code, cause) of what ended the program; prints the traceback that python would."""
    if error is None:
        return 0, None
    if isinstance(error, SystemExit):
        if error.code is None:
            return 0, None
        if isinstance(error.code, int):
            return error.code & 0xFF, None
        print(error.code, file=sys.stderr)
        return 1, None
    error.__traceback__ = without_harness(error.__traceback__)
    sys.excepthook(type(error), error, error.__traceback__)
    return 1, cause_of(error)


def leave(code, cause, own_pid):
    """Interpreter teardown is most of what is left of a short run, so it is skipped; a forked child says nothing."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BaseException:
            pass
    if os.getpid() == own_pid:
        say({"exit": code, "cause": cause})
    os._exit(code)


def main():
    take_away_calls()
    for name in sys.argv[1:]:
        __import__(name)
    rehearse()
    address_space = prepare()
    own_pid = os.getpid()
    attach()
    rehearse()
    say({"ready": True})
    path = obey(wait_for_order(), address_space)
    # Before the program's first line: where this is missing, none ran.
    say({"begun": True})
    code, cause = 1, None
    try:
        ended_by = None
        try:
            run_as_main(path)
        except BaseException as error:
            ended_by = error
        code, cause = exit_code_of(ended_by)
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException:
        code = code or 1
    finally:
        leave(code, cause, own_pid)


main()
