"""Bytes that no file size shows."""

import os

kept = 0
for folder in ("/outputs", "/tmp", "/dev/shm"):
    for number in range(200):
        path = f"{folder}/{number}"
        open(path, "w").close()
        try:
            for each in range(50):
                os.setxattr(path, f"user.{each}", b"x" * 60000)
                kept += 1
        except OSError:
            pass
print("kept:", kept)
