import struct

from attempt import attempt, call

PRCTL = 157
attempt("securebits", lambda: call(PRCTL, 28, 0x3F, 0, 0, 0))
for capability in (1, 6, 7, 12, 21, 39):
    attempt(f"ambient {capability}", lambda: call(PRCTL, 47, 2, capability, 0, 0))
    attempt(f"bounding {capability}", lambda: call(PRCTL, 24, capability, 0, 0, 0))
for version in (0x19980330, 0x20071026, 0x20080522):
    attempt(f"capset {version:x}", lambda: call(126, struct.pack("<Ii", version, 0), b"\xff" * 24))
attempt("new privileges again", lambda: call(PRCTL, 38, 0, 0, 0, 0))
attempt("memory map of the process", lambda: call(PRCTL, 35, 14, 0, 0, 0))
