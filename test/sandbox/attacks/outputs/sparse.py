import os

from attempt import attempt

attempt("1 TB", lambda: os.truncate(os.open("/outputs/huge.bin", os.O_CREAT | os.O_WRONLY), 1 << 40))
os.truncate(os.open("/outputs/sparse.bin", os.O_CREAT | os.O_WRONLY), 60 << 20)
with open("/outputs/small.txt", "w") as file:
    file.write("small")
os.truncate(os.open("/outputs/sparse2.bin", os.O_CREAT | os.O_WRONLY), 60 << 20)
