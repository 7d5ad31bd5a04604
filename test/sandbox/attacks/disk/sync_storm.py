import os

from attempt import during

file = os.open("/outputs/file", os.O_CREAT | os.O_WRONLY | os.O_SYNC)
for _ in during(0.3):
    os.write(file, b"x")
    os.fsync(file)
    os.sync()
print("synced")
