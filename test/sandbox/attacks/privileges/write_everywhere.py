import os

from attempt import attempt

FOLDERS = ["/", "/repo", "/data", "/inputs", "/etc", "/usr", "/usr/bin", "/lib", "/proc", "/sys", "/dev", "/proc/sys/kernel"]
for folder in FOLDERS:
    attempt(f"new file in {folder}", lambda: open(os.path.join(folder, "planted"), "w"))
for path in ("/repo/main.py", "/inputs/parameters.json", "/data/sales/data.csv", "/etc/passwd", "/usr/bin/python3.13"):
    attempt(f"overwrite {path}", lambda: open(path, "r+b").write(b"planted"))
    attempt(f"truncate {path}", lambda: os.truncate(path, 0))
    attempt(f"remove {path}", lambda: os.remove(path))
    attempt(f"rename {path}", lambda: os.rename(path, path + ".old"))
    attempt(f"chmod {path}", lambda: os.chmod(path, 0o777))
    attempt(f"link {path}", lambda: os.link(path, "/outputs/linked"))
    attempt(f"touch {path}", lambda: os.utime(path))
for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/1/mem", "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/kernel/uevent_helper", "/proc/self/oom_adj"):
    attempt(f"write {path}", lambda: os.write(os.open(path, os.O_WRONLY), b"x"))
