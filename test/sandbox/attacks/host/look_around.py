"""Prints all that a program can learn of where it is; the test looks for what must not be in it."""

import json
import os
import platform
import resource
import socket

print(json.dumps(dict(os.environ)))
print(open("/proc/1/environ").read().split("\0"))
print(platform.uname(), socket.gethostname())
print(open("/proc/mounts").read())
print(open("/proc/self/status").read())
print([name for name in os.listdir("/proc") if name.isdigit()])
print(resource.getrlimit(resource.RLIMIT_NPROC), resource.getrlimit(resource.RLIMIT_CORE))
for folder, _, files in os.walk("/"):
    if not folder.startswith(("/usr", "/proc", "/sys")):
        print(folder, files)
for path in ("/proc/self/cgroup", "/proc/cmdline", "/proc/self/mountinfo", "/proc/net/unix", "/proc/net/tcp"):
    try:
        print(path, open(path).read())
    except OSError as error:
        print(path, error)
