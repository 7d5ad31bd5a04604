import os

from attempt import HOST, attempt, call

for pid in ("1", "self", str(HOST["pid"])):
    for kind in ("user", "mnt", "net", "pid", "ipc", "uts", "cgroup", "time"):
        attempt(f"enter {kind} of {pid}", lambda: call(308, os.open(f"/proc/{pid}/ns/{kind}", os.O_RDONLY), 0))
    for file, text in (("uid_map", "0 0 1"), ("gid_map", "0 0 1"), ("setgroups", "deny")):
        attempt(f"write {file} of {pid}", lambda: os.write(os.open(f"/proc/{pid}/{file}", os.O_WRONLY), text.encode()))
attempt("by pidfd", lambda: call(308, os.pidfd_open(1), 0x20000))
