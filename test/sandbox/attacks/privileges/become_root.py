import os

from attempt import attempt, call

attempt("setuid", lambda: os.setuid(0))
attempt("setgid", lambda: os.setgid(0))
attempt("setresuid", lambda: os.setresuid(0, 0, 0))
attempt("setgroups", lambda: os.setgroups([0]))
attempt("capset", lambda: call(126, b"\x22\x05\x08\x20" + b"\0" * 4, b"\xff" * 24))
attempt("chown", lambda: (open("/tmp/mine", "w").close(), os.chown("/tmp/mine", 0, 0)))
path = "/tmp/setuid"
with open(path, "wb") as file:
    file.write(open("/usr/bin/python3.13", "rb").read(4096))
os.chmod(path, 0o6755)
attempt("run a setuid file", lambda: os.posix_spawn(path, [path], {}))
attempt("run a file from /outputs", lambda: (open("/outputs/x", "w").close(), os.chmod("/outputs/x", 0o755), os.execv("/outputs/x", ["x"])))
