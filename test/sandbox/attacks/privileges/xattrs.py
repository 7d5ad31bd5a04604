import os

from attempt import attempt

for folder in ("/outputs", "/tmp", "/dev/shm"):
    path = os.path.join(folder, "file")
    open(path, "w").close()
    for name in ("security.capability", "trusted.overlay.opaque", "security.selinux", "system.posix_acl_access"):
        attempt(f"{name} in {folder}", lambda: os.setxattr(path, name, b"\x01\0\0\x02" + b"\xff" * 16))
