import ctypes

from attempt import attempt, call

block = ctypes.create_string_buffer(256)
attempt("bpf", lambda: call(321, 0, block, 128))
attempt("keyctl", lambda: call(250, 0, 0, 0, 0, 0))
attempt("add_key", lambda: call(248, b"user", b"x", b"y", 1, -2))
attempt("userfaultfd", lambda: call(323, 0))
attempt("io_uring_setup", lambda: call(425, 4, block))
attempt("perf_event_open", lambda: call(298, block, 0, -1, -1, 0))
attempt("open_by_handle_at", lambda: call(304, -100, block, 0))
attempt("fanotify_init", lambda: call(300, 0, 0))
attempt("kexec_load", lambda: call(246, 0, 0, 0, 0))
attempt("init_module", lambda: call(175, block, 8, b""))
attempt("reboot", lambda: call(169, 0xFEE1DEAD, 672274793, 0x1234567, 0))
attempt("settimeofday", lambda: call(164, block, 0))
attempt("swapon", lambda: call(167, b"/tmp/x", 0))
attempt("iopl", lambda: call(172, 3))
attempt("syslog", lambda: call(103, 3, block, 100))
attempt("sethostname", lambda: call(170, b"owned", 5))
attempt("af_alg", lambda: call(41, 38, 5, 0))
