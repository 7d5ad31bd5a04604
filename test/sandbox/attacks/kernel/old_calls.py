from attempt import attempt, call, in_child

for name, number in {"uselib": 134, "ustat": 136, "sysfs": 139, "_sysctl": 156, "create_module": 174, "get_kernel_syms": 177, "query_module": 178, "nfsservctl": 180, "lookup_dcookie": 212, "vhangup": 153, "modify_ldt": 154, "ioperm": 173, "iopl": 172, "kexec_file_load": 320, "finit_module": 313, "delete_module": 176, "migrate_pages": 256, "lsm_set_self_attr": 460}.items():
    attempt(name, lambda: in_child(lambda: call(number, 1, b"\0" * 64, 16, 0, 0, 0)))
for number in (335, 423, 499, 600, 1000, 0x7FFFFFFF):
    attempt(f"a call that is none {number}", lambda: in_child(lambda: call(number, 0)))
