import fcntl
import os

from attempt import attempt, call

for name, kind, major, minor in (("mem", 0o20600, 1, 1), ("sda", 0o60600, 8, 0), ("null", 0o20666, 1, 3), ("fuse", 0o20666, 10, 229)):
    attempt(f"make {name}", lambda: os.mknod(f"/tmp/{name}", kind, os.makedev(major, minor)))
for path in ("/dev/mem", "/dev/kmem", "/dev/sda", "/dev/vda", "/dev/kvm", "/dev/console", "/dev/kmsg"):
    attempt(f"open {path}", lambda: os.open(path, os.O_RDWR))


def make_interface():
    """gVisor has a /dev/net/tun of its own kernel; an interface on it would still be no way out."""
    tun = os.open("/dev/net/tun", os.O_RDWR)
    return fcntl.ioctl(tun, 0x400454CA, b"tap0".ljust(16, b"\0") + b"\x02\x10" + b"\0" * 22)


def mount_fuse():
    fuse = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={fuse},rootmode=40000,user_id=65532,group_id=65532".encode()
    return call(165, b"fuse", b"/tmp", b"fuse", 0, options)


attempt("make a network interface", make_interface)
attempt("mount by fuse", mount_fuse)
