import os

from attempt import attempt

for path in ("/proc/kcore", "/proc/kmem", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/1/mem", "/proc/keys", "/proc/sched_debug", "/proc/timer_list", "/proc/kallsyms", "/proc/slabinfo", "/proc/vmallocinfo", "/proc/pagetypeinfo", "/sys/firmware/acpi/tables", "/sys/kernel/debug", "/sys/kernel/tracing/trace", "/boot"):

    def read():
        if os.path.isdir(path):
            found = os.listdir(path)
        else:
            found = [line for line in os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 64).split(b"\n") if not line.startswith(b"0000000000000000")]
        if not any(found):
            raise OSError("there is nothing in it")
        return found

    attempt(path, read)
