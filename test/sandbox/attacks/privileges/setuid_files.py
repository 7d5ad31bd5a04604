import os
import stat

from attempt import attempt, only

found = []
for folder, _, files in os.walk("/"):
    if folder.startswith(("/proc", "/sys")):
        continue
    for name in files:
        path = os.path.join(folder, name)
        state = os.lstat(path)
        if state.st_mode & (stat.S_ISUID | stat.S_ISGID) and stat.S_ISREG(state.st_mode):
            found.append(path)
only("a setuid file", found)
for program in ("su", "sudo", "pkexec", "newuidmap", "mount", "ping", "unshare", "nsenter", "capsh"):
    attempt(program, lambda: os.execvp(program, [program]))
