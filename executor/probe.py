"""The hostile program that an executor runs before it serves. One JSON line a check on stdout; `ok` is "it was refused".

argv is not available to a run, so the piece to play comes with the parameters.
"""

import ctypes
import json
import os
import socket

LIBC = ctypes.CDLL(None, use_errno=True)
PARAMETERS = json.load(open("/inputs/parameters.json"))
EXPECTED_ENVIRONMENT = set(PARAMETERS["environment"])


def report(name, ok, detail=""):
    print(json.dumps({"name": name, "ok": bool(ok), "detail": str(detail)[:300]}))


def refused(name, action):
    """The action must raise OSError; a result is a way out."""
    try:
        result = action()
    except OSError as error:
        return report(name, True, error)
    report(name, False, f"it succeeded: {result!r}")


def call(name, *arguments):
    ctypes.set_errno(0)
    if LIBC.syscall(*arguments) == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return name


def in_child(action):
    """Some calls are only possible for a process with one thread. Exit code 0 means that it was refused."""
    child = os.fork()
    if child == 0:
        try:
            action()
        except OSError:
            os._exit(0)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) == 0:
        raise OSError("refused")
    return "done"


def send_udp(host):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        return udp.sendto(b"x", (host, 53))


def network():
    with open("/proc/net/dev") as devices:
        names = [line.split(":")[0].strip() for line in devices.readlines()[2:]]
    report("network devices", set(names) <= {"lo"}, names)
    for host in ("1.1.1.1", "169.254.169.254", "10.0.0.1"):
        refused(f"TCP to {host}", lambda: socket.create_connection((host, 80), 1))
        refused(f"UDP to {host}", lambda: send_udp(host))
    refused("DNS", lambda: socket.getaddrinfo("example.com", 80))
    for name, family in (("netlink", 16), ("packet", 17), ("vsock", 40), ("alg", 38)):
        refused(f"{name} socket", lambda: socket.socket(family, socket.SOCK_RAW))
    refused("raw socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))


def writes():
    for folder in ("/", "/repo", "/data", "/inputs", "/etc", "/usr", "/usr/bin", "/proc/sys/kernel", "/sys/fs"):
        refused(f"write to {folder}", lambda: open(os.path.join(folder, "hostname"), "w"))
    for folder in ("/outputs", "/tmp"):
        path = os.path.join(folder, "probe")
        with open(path, "w") as file:
            file.write("x")
        report(f"{folder} is writable", os.path.getsize(path) == 1)
        size = os.statvfs(folder).f_blocks * os.statvfs(folder).f_frsize
        report(f"{folder} is bounded", size == PARAMETERS["folder_bytes_max"][folder], f"{size} bytes")
        os.chmod(path, 0o755)
        refused(f"run a program from {folder}", lambda: os.posix_spawn(path, [path], {}))


def privileges():
    report("user", os.getresuid() == (65532,) * 3 and os.getresgid() == (65532,) * 3, os.getresuid())
    with open("/proc/self/status") as status:
        fields = dict(line.split(":", 1) for line in status)
    for name in ("CapInh", "CapPrm", "CapEff", "CapBnd"):
        report(name, int(fields[name], 16) == 0, fields[name].strip())
    report("no new privileges", LIBC.prctl(39, 0, 0, 0, 0) == 1)
    refused("setuid", lambda: os.setuid(0))
    refused("mount", lambda: call("mount", 165, b"none", b"/tmp", b"tmpfs", 0, 0))
    refused("user namespace by unshare", lambda: in_child(lambda: call("unshare", 272, 0x10000000)))
    clone3 = (ctypes.c_uint64 * 11)(0x10000000, 0, 0, 0, 17)
    refused("user namespace by clone3", lambda: call("clone3", 435, clone3, 88))
    refused("device", lambda: os.mknod("/tmp/device", 0o20600, os.makedev(1, 5)))
    refused("chroot", lambda: os.chroot("/tmp"))
    for name, number in (("bpf", 321), ("keyctl", 250), ("userfaultfd", 323), ("io_uring", 425), ("perf", 298)):
        refused(name, lambda: call(name, number, 0, 0, 0, 0, 0))


def environment():
    extra = set(os.environ) - EXPECTED_ENVIRONMENT
    report("environment", not extra, sorted(extra))
    with open("/proc/1/environ") as first:
        names = {each.split("=")[0] for each in first.read().split("\0") if each}
    report("environment of the first process", names <= EXPECTED_ENVIRONMENT, sorted(names - EXPECTED_ENVIRONMENT))
    report("host name", socket.gethostname() == "sandbox", socket.gethostname())
    processes = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
    report("processes of others", processes == [os.getpid()], processes)


def memory():
    """Ends by itself at three times the limit, so that a host without limits is not hurt by finding it out."""
    most = 3 * PARAMETERS["memory_bytes"]
    held = []
    while sum(map(len, held)) < most:
        held.append(bytearray(os.urandom(4096) * 1024))


def processes():
    most = PARAMETERS["processes_max"]
    children = []
    try:
        while len(children) <= most:
            child = os.fork()
            if child == 0:
                os.read(os.pipe()[0], 1)
            children.append(child)
    except OSError as error:
        report("processes", len(children) <= most, error)
    else:
        report("processes", False, f"{len(children)} processes")
    for child in children:
        os.kill(child, 9)


def main():
    piece = PARAMETERS["piece"]
    pieces = {
        "isolation": (network, writes, privileges, environment),
        "memory": (memory,),
        "processes": (processes,),
    }
    for check in pieces[piece]:
        check()
    report(f"{piece} complete", True)


main()
