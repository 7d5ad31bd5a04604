from attempt import attempt, call

for name, value in {"no random addresses": 0x40000, "zero page": 0x100000, "read means execute": 0x400000, "32 bits": 8}.items():
    attempt(name, lambda: call(135, value))
