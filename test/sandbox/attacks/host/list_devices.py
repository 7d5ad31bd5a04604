import os
import stat

from attempt import attempt, only

# gVisor's own kernel answers for fuse and tun: no device of the host stands behind them (see privileges/devices.py).
PLAIN = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts/ptmx", "console", "fuse", "net/tun"}
found = []
for folder, _, names in os.walk("/dev"):
    for name in names:
        path = os.path.join(folder, name)
        mode = os.lstat(path).st_mode
        if (stat.S_ISCHR(mode) or stat.S_ISBLK(mode)) and os.path.relpath(path, "/dev") not in PLAIN:
            found.append(path)
only("a device", found)
for name in ("null", "zero", "urandom"):
    attempt(f"replace {name}", lambda: os.rename("/dev/shm", f"/dev/{name}"))
    attempt(f"remove {name}", lambda: os.remove(f"/dev/{name}"))
