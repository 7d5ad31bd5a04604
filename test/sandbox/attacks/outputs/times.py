import os

for name, when in (("future.txt", 2**40), ("past.txt", -(2**40)), ("zero.txt", 0)):
    with open(f"/outputs/{name}", "w") as file:
        file.write("x")
    try:
        os.utime(f"/outputs/{name}", (when, when))
    except OSError:
        pass
