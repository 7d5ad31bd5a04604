import os

names = [
    b"new\nline.csv",
    b"escape\x1b[31m.csv",
    b"\xff\xfe.csv",
    "rtl\u202egnp.csv".encode(),
    "zero\u200bwidth.csv".encode(),
    b"back\\slash.csv",
    b" space.csv",
    b"-rf",
    b"..hidden.csv",
    b"caf\xc3\xa9.csv",
    b"n" * 255,
]
for name in names:
    with open(b"/outputs/" + name, "w") as file:
        file.write("x")
