"""Runs inside every sandbox as its first process: warms, waits for one order, runs the agent's file, says how it ended.

The text of this file travels as an argument of python, so frames of it are named "<string>". Its word is not trusted:
all that it reports is what the program could do to itself anyway (exit with a code, blame its memory).
"""

import sys

PROGRESS_FD = 3
REPORT_FD = 4
# The stacks are written this much before the executor ends the run, so that they are there when it looks.
STACKS_BEFORE_END_S = 0.1
# Address space beyond the memory limit: libraries reserve far more than they touch.
ADDRESS_SPACE_SLACK_BYTES = 2 << 30


def take_away_clone3():
    """Its flags could make namespaces, unseen by the seccomp profile; without it the C library uses clone.

    A seccomp filter of four instructions (seccomp(2)): load the number of the call; clone3 answers ENOSYS.
    """
    import ctypes
    import errno
    import struct

    set_seccomp, mode_filter, clone3 = 22, 2, 435
    answer_errno, allow = 0x00050000, 0x7FFF0000
    program = b"".join(
        struct.pack("<HBBI", *instruction)
        for instruction in (
            (0x20, 0, 0, 0),
            (0x15, 0, 1, clone3),
            (0x06, 0, 0, answer_errno | errno.ENOSYS),
            (0x06, 0, 0, allow),
        )
    )
    memory = ctypes.create_string_buffer(program)
    header = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(memory))
    if ctypes.CDLL(None).prctl(set_seccomp, mode_filter, header, 0, 0) != 0:
        raise SystemExit("seccomp is refused")


def warm(names):
    """Imports, and uses each once: both load much of themselves only on first use."""
    for name in names:
        __import__(name)
    if "pandas" in names:
        import io

        import pandas

        frame = pandas.read_csv(io.StringIO("day,kind,value\n2024-01-01,a,1.5\n2024-02-01,b,2\n"), parse_dates=["day"])
        sums = frame.groupby("kind", as_index=False)["value"].sum().sort_values("value")
        sums.to_csv(io.StringIO(), index=False)
        str(frame.describe())


def say(message):
    import json
    import os

    try:
        os.write(REPORT_FD, (json.dumps(message) + "\n").encode())
    except OSError:
        pass


def wait_for_order():
    """One JSON line on stdin; then stdin is empty for the program. No line means that the executor is gone."""
    import json
    import os

    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    sys.stdin = open(0, closefd=False)
    return json.loads(line)


def limit_itself(memory_bytes, processes_max):
    """An allocation that can never fit raises MemoryError at its own line, where the cgroup would end everything."""
    import resource

    resource.setrlimit(resource.RLIMIT_NPROC, (processes_max, processes_max))

    with open("/proc/self/statm") as statm:
        used = int(statm.read().split()[0]) * resource.getpagesize()
    most = used + 2 * memory_bytes + ADDRESS_SPACE_SLACK_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def seed_everything(seed):
    import random

    random.seed(seed)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(seed % 2**32)


def prepare(order):
    import faulthandler
    import os

    os.environ.update(order["environment"])
    limit_itself(order["memory_bytes"], order["processes_max"])
    seed_everything(order["seed"])
    path = os.path.join("/repo", order["entry"])
    os.chdir("/repo")
    sys.argv = [path]
    sys.path[:0] = list(dict.fromkeys([os.path.dirname(path), "/repo"]))
    sys.dont_write_bytecode = True
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
    wall_s = order["wall_ms"] / 1000
    faulthandler.dump_traceback_later(max(wall_s - STACKS_BEFORE_END_S, wall_s / 2), file=REPORT_FD)
    return path


def run_as_main(path):
    """What `python path` does, in a fresh `__main__`."""
    import builtins
    import types

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
    import errno

    if isinstance(error, MemoryError):
        return "memory_error"
    if isinstance(error, OSError) and error.errno == errno.EAGAIN:
        return "process_error"
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return "process_error"
    return None


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
    traceback = without_harness(error.__traceback__)
    error.__traceback__ = traceback
    sys.excepthook(type(error), error, traceback)
    return 1, cause_of(error)


def finish():
    import atexit
    import threading

    threading._shutdown()
    atexit._run_exitfuncs()


def main():
    import os

    take_away_clone3()
    warm(sys.argv[1:])
    own_pid = os.getpid()
    say({"ready": True})
    path = prepare(wait_for_order())
    code, cause = 1, None
    try:
        ended_by = None
        try:
            run_as_main(path)
        except BaseException as error:
            ended_by = error
        code, cause = exit_code_of(ended_by)
        finish()
    except BaseException:
        code = code or 1
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except BaseException:
                pass
        if os.getpid() == own_pid:
            say({"exit": code, "cause": cause})
        os._exit(code)


main()
