"""Prints what /proc and /sys tell; the reader looks for what must not be in it."""

import os

print("refused nothing: it only reads")
for root in ("/proc", "/sys", "/etc", "/run", "/var", "/dev"):
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name not in ("task", "map_files", "fd", "fdinfo")]
        for name in files:
            path = os.path.join(folder, name)
            if path.endswith(("/pagemap", "/mem", "/kmsg", "/kcore", "/smaps", "/maps", "/smaps_rollup", "/numa_maps")) or folder.startswith("/dev"):
                continue
            try:
                print(path, os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 400))
            except OSError:
                pass
