from attempt import attempt, call

for flags in (0, 4, 8, 0x200, 0x400):
    attempt(f"fanotify {flags}", lambda: call(300, flags, 0))
attempt("mark /", lambda: call(301, 0, 0x11, 0x20, -100, b"/"))
attempt("messages of the kernel", lambda: call(103, 3, b"\0" * 100, 100))
attempt("clear them", lambda: call(103, 5, 0, 0))
attempt("the log device", lambda: open("/dev/kmsg").read(100))
attempt("its file", lambda: open("/proc/kmsg").read(100))
