import os

from attempt import only

MINE = ("/tmp", "/outputs", "/dev/shm", "/dev/mqueue", "/proc", "/dev/pts")
found = []
for folder, _, files in os.walk("/"):
    if folder.startswith((*MINE, "/sys")):
        continue
    paths = [folder, *(os.path.join(folder, name) for name in files)]
    found += [path for path in paths if not os.path.islink(path) and not path.startswith("/dev/") and os.access(path, os.W_OK)]
only("a place to write", found)
only("a file of one's own", [path for path in ("/", "/repo", "/repo/main.py", "/data", "/inputs", "/etc", "/usr/lib") if os.stat(path).st_uid == os.getuid() and os.access(path, os.W_OK)])
