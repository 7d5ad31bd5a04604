import os

os.mkdir("/outputs/closed")
for name, mode in (("none.txt", 0), ("setuid.txt", 0o6755), ("sticky.txt", 0o1777), ("closed/in.txt", 0o200)):
    with open(f"/outputs/{name}", "w") as file:
        file.write(name)
    os.chmod(f"/outputs/{name}", mode)
os.chmod("/outputs/closed", 0)
os.chmod("/outputs", 0)
