import os

from attempt import attempt

found = [os.path.join(folder, name) for folder, _, names in os.walk("/proc/sys") for name in names]
found += ["/proc/sys/kernel/core_pattern", "/proc/sys/kernel/modprobe", "/proc/sys/vm/overcommit_memory", "/proc/sys/net/ipv4/ip_forward", "/proc/sys/fs/binfmt_misc/register"]
for path in found:
    attempt(path, lambda: os.write(os.open(path, os.O_WRONLY), b"|/tmp/owned"))
