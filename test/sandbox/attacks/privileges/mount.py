import os

from attempt import LIBC, attempt, call, in_child

for name, arguments in {
    "tmpfs": (b"none", b"/tmp", b"tmpfs", 0, 0),
    "bind": (b"/", b"/tmp", b"none", 4096, 0),
    "proc": (b"proc", b"/tmp", b"proc", 0, 0),
    "remount": (b"none", b"/repo", b"none", 32 | 4096, 0),
}.items():
    attempt(f"mount {name}", lambda: call(165, *arguments))
    attempt(f"mount {name} in a child", lambda: in_child(lambda: call(165, *arguments)))
attempt("umount", lambda: call(166, b"/outputs", 2))
attempt("pivot_root", lambda: call(155, b"/tmp", b"/tmp"))
attempt("open_tree", lambda: call(428, -100, b"/", 1))
attempt("fsopen", lambda: call(430, b"tmpfs", 0))
attempt("chroot", lambda: os.chroot("/tmp"))
