from attempt import attempt, call

attempt("open a tree", lambda: call(428, -100, b"/", 1))
attempt("move a mount", lambda: call(429, -100, b"/repo", -100, b"/tmp", 0))
attempt("open a file system", lambda: call(430, b"tmpfs", 0))
attempt("configure it", lambda: call(431, 3, 6, 0, 0, 0))
attempt("mount it", lambda: call(432, 3, 0, 0))
attempt("pick one", lambda: call(433, -100, b"/", 0))
attempt("change a mount", lambda: call(442, -100, b"/repo", 0x8000, b"\0" * 32, 32))
