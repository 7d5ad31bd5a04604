import os

from attempt import LIBC

watches = 0
try:
    while LIBC.inotify_init1(0) >= 0 and watches < 5000:
        fd = LIBC.inotify_init1(0)
        if fd < 0:
            break
        for folder in (b"/tmp", b"/outputs", b"/etc", b"/repo"):
            LIBC.inotify_add_watch(fd, folder, 0xFFF)
        watches += 1
finally:
    os.closerange(10, 1024)
print("watched", watches > 0)
