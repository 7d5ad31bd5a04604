import os

from attempt import attempt

for folder in ("/outputs", "/tmp", "/dev/shm"):
    file = os.open(f"{folder}/reserved", os.O_CREAT | os.O_RDWR)
    attempt(f"1 TB in {folder}", lambda: os.posix_fallocate(file, 0, 1 << 40))
    attempt(f"8 EB in {folder}", lambda: os.posix_fallocate(file, (1 << 62), 1 << 20))
    attempt(f"a file of 8 EB in {folder}", lambda: os.truncate(file, (1 << 63) - 1))
    os.ftruncate(file, 0)
