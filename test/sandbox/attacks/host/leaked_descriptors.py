"""CVE-2024-21626: a descriptor of the runtime that was left open and stands in a folder of the host."""

import os
import stat

from attempt import attempt, only

mine = os.open("/", os.O_RDONLY)
found = []
for fd in range(1024):
    try:
        state = os.fstat(fd)
    except OSError:
        continue
    if fd != mine and fd > 4 and not stat.S_ISCHR(state.st_mode):
        found.append((fd, os.readlink(f"/proc/self/fd/{fd}")))
    if stat.S_ISSOCK(state.st_mode):
        found.append((fd, "a socket"))
only("a descriptor of somebody else", [each for each in found if "/repo/" not in each[1]])
for fd in range(32):
    if fd != mine:
        attempt(f"stand in descriptor {fd}", lambda: os.chdir(f"/proc/self/fd/{fd}"))
        attempt(f"stand in {fd} by itself", lambda: os.fchdir(fd))
