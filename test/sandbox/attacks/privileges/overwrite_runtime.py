"""CVE-2019-5736: the runtime's own binary, reached by the link to it in /proc."""

import os

from attempt import attempt

for path in ("/proc/self/exe", "/proc/1/exe", "/proc/thread-self/exe"):
    attempt(f"write {path}", lambda: os.open(path, os.O_WRONLY))
    attempt(f"truncate {path}", lambda: os.truncate(path, 0))
    reading = os.open(path, os.O_RDONLY)
    attempt(f"write {path} by its descriptor", lambda: os.open(f"/proc/self/fd/{reading}", os.O_WRONLY))
