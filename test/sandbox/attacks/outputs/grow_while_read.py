import os

file = os.open("/outputs/growing.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
os.write(file, b"x" * 100)
if os.fork() == 0:
    while True:
        try:
            os.write(file, b"x" * 65536)
        except OSError:
            os.ftruncate(file, 0)
