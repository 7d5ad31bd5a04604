"""The run after an attack: what it finds must be what the first such run found."""

import ctypes
import hashlib
import json
import os
import random
import resource
import sys
import time

LIBC = ctypes.CDLL(None)
FOLDERS = ("/tmp", "/outputs", "/dev/shm", "/repo", "/data", "/inputs")


def digest(path):
    with open(path, "rb") as file:
        return hashlib.sha256(file.read(1 << 20)).hexdigest()


def room(folder):
    state = os.statvfs(folder)
    return [state.f_bfree, state.f_ffree]


umask = os.umask(0o22)
same = {
    "files": {folder: sorted(os.listdir(folder)) for folder in FOLDERS},
    "room": {folder: room(folder) for folder in ("/tmp", "/outputs")},
    "digests": {path: digest(path) for path in ("/repo/main.py", "/data/sales/data.csv", "/etc/passwd", os.path.realpath(sys.executable))},
    "environment": dict(os.environ),
    "processes": [name for name in os.listdir("/proc") if name.isdigit()],
    "sockets": len(open("/proc/net/unix").read().splitlines()),
    "segments": [LIBC.shmget(0xA11CE, 0, 0), LIBC.msgget(0xA11CE, 0)],
    "limits": {name: resource.getrlimit(getattr(resource, name)) for name in ("RLIMIT_NPROC", "RLIMIT_NOFILE", "RLIMIT_CORE")},
    "process": [os.getuid(), os.getgid(), os.getcwd(), umask, sys.argv, sys.path],
    "customized": [name for name in ("sitecustomize", "usercustomize") if name in sys.modules],
    "seeded": random.random(),
    "stdin": sys.stdin.read(),
}
with open("/outputs/canary.txt", "w") as file:
    file.write("alive")
print(json.dumps({"same": same, "unique": os.urandom(16).hex(), "clock": time.time()}))
