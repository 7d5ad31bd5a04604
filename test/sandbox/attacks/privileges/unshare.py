import ctypes

from attempt import attempt, call, in_child

for name, flag in {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000, "ipc": 0x8000000, "uts": 0x4000000}.items():
    attempt(f"unshare {name}", lambda: in_child(lambda: call(272, flag)))
    attempt(f"unshare {name} in a user namespace", lambda: in_child(lambda: call(272, flag | 0x10000000)))
    attempt(f"clone {name}", lambda: call(56, flag | 17, 0, 0, 0, 0))
    attempt(f"clone3 {name}", lambda: call(435, (ctypes.c_uint64 * 11)(flag, 0, 0, 0, 17), 88))
attempt("setns", lambda: call(308, open("/proc/self/status").fileno(), 0))
