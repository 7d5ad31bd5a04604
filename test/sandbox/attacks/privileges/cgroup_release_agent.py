import os

from attempt import attempt, call, in_child

for controller in (b"memory", b"rdma", b"pids", b""):
    kind = b"cgroup" if controller else b"cgroup2"
    attempt(f"mount {kind} {controller}", lambda: in_child(lambda: call(165, b"cgroup", b"/tmp", kind, 0, controller)))
for folder, _, files in os.walk("/sys/fs/cgroup"):
    for name in files:
        if name in ("release_agent", "notify_on_release", "cgroup.procs", "memory.limit_in_bytes", "memory.max", "pids.max", "cpu.max", "cgroup.freeze"):
            attempt(os.path.join(folder, name), lambda: os.write(os.open(os.path.join(folder, name), os.O_WRONLY), b"1"))
